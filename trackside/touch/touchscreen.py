"""The running touchscreen: follows the unit, reads fingers, sends acts and draws what has changed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

from pitboard.clock import Clock, happened
from pitboard.drawing.backlight import Backlight
from pitboard.drawing.never_blank import PaintGuard
from pitboard.drawing.window import Window
from pitboard.drawing.window_watch import WindowWatch
from pitboard.errors import ActRefused, PeerLost
from pitboard.program.service import SERVICE, LastWords, read_last_words
from pitboard.sentences.language import LANGUAGES, Language, Sentence
from pitboard.sentences.spoken_error import spoken
from pitboard.unit_api.official_acts import stamped
from pitboard.unit_api.screen_state import ScreenState
from pitboard.unit_api.socket_watch import UNIT_SILENT_NS, SocketWatch
from pitboard.unit_api.unit_client import RETRY_PAUSE_MS, UnitLink
from trackside.touch.act_sender import ActSender, Outcome, Sending, is_kept
from trackside.touch.input.pointers import Carry, Pointers, Tap, Unheard
from trackside.touch.input.pygame_input import (
    ExposedEvent,
    InputEvent,
    KeyEvent,
    LostFingersEvent,
    PointerEvent,
    QuitEvent,
    WheelEvent,
    read_events,
)
from trackside.touch.input.reaction import (
    CALM_MIN_MS,
    Calm,
    Reaction,
    after_act,
    after_screen,
    begun_by_keys,
    carried_on,
    changes_page,
    dropped,
    react,
    scrolled,
    signed_off,
    with_detail,
)
from trackside.touch.kept_settings import KeptSettings, keep_settings
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.scene.displays_scene import pictured
from trackside.touch.scene.screen_layout import lay_out, lay_plain
from trackside.touch.sounds import Sounds, sounds_between
from trackside.touch.widgets.view import (
    FinishTyping,
    Intent,
    Message,
    Page,
    SaveContact,
    ScrollTo,
    Settings,
    ShowPage,
    SkipContact,
    TypeText,
    View,
)
from trackside.touch.widgets.widgets import Layout, Measures

log = logging.getLogger(__name__)

LINK_SILENCE_MAX_MS = 2_000
INPUT_PAUSE_MS = 10
"""Between two looks at a finger that is down, and for any finger where its panel is not known: the
moment of a tap is a lap's. Else a finger wakes the screen."""
REST_PAUSE_MS = 100
"""The same while nobody is on the track and nobody has touched the screen lately."""
REST_AFTER_MS = 5_000
REST_LOOK_MS = 1_000
WORDS_PAUSE_MS = 2_000
PROGRAMS = ("trackside", "bridge", "sync")
"""The programs of a unit whose last words are shown."""
FRAME_MIN_MS = 16
LOOK_AGAIN_MS = 100
DETAIL_PAUSE_MS = 50
PICTURES_PAUSE_MS = 2_000
PASSINGS_PAGES = (Page.PASSINGS, Page.GIVE)
CARRY_PAUSE_MS = 350
"""Between two rows by which a list moves on while somebody is carried over its edge."""
CARRIED = "queue-carried"
"""The name under which a new order is sent that was made by carrying."""
SIGN_OFF_MS = 15 * 60_000
"""Between runs, an official whom nobody has seen tap for so long is signed off; never while a run goes on."""
SAVED_SHOWN_MS = 2_500
REFUSED_SHOWN_MS = 8_000
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


class Touchscreen:
    """One screen; `run` ends when the window is closed or the task is cancelled."""

    def __init__(
        self,
        *,
        link: UnitLink,
        window: Window,
        painter: Painter,
        measures: Measures,
        clock: Clock,
        language: Language,
        sounds: Sounds,
        runtime_folder: Path,
        socket: Path,
        backlight: Backlight | None = None,
        settings_file: Path | None = None,
    ) -> None:
        self._sounds = sounds
        self._backlight = backlight or Backlight()
        self._settings_file = settings_file
        self._runtime_folder = runtime_folder
        self._words_mono_ns: int | None = None
        self._link = link
        self._socket = socket
        self._watch = SocketWatch("touch", socket, key="socket in touch.toml", clock=clock)
        self._window = window
        self._painter = painter
        self._measures = measures
        self._clock = clock
        self._guard = PaintGuard()
        self._calm = Calm(since_mono_ns=clock.mono_ns())
        self._edge_mono_ns = 0
        self._heard_count = self._unheard_count = 0
        self._pointers = Pointers()
        self._screen: ScreenState | None = None
        self._shows_passings = asyncio.Event()
        self._view = View(language=language, settings=self._settings(language.code, sounds))
        self._layout = Layout(widgets=())
        self._acts = ActSender(link, clock, on_done=self._take_outcome)
        self._answered_mono_ns = clock.mono_ns()
        self._looked_mono_ns = 0
        self._touched_mono_ns = clock.mono_ns()
        self._rests = False
        self._painted_mono_ns = 0
        self._shown_version: int | None = None
        self._shown_mono_ns = 0
        self._is_stale = True
        self._news = WindowWatch(window.descriptors)
        self._page_turned = asyncio.Event()
        self._is_closed = False

    def _settings(self, language_code: str, sounds: Sounds) -> Settings:
        return Settings(
            language=language_code,
            volume_percent=sounds.volume_percent,
            brightness_percent=self._backlight.percent,
        )

    def _heed_settings(self, before: Settings, now: Settings) -> None:
        """Do what was set, and keep it for the next start."""
        if now == before:
            return
        if now.volume_percent != before.volume_percent:
            self._sounds.set_volume(now.volume_percent)
            self._sounds.play("lap")  # so that one hears what was chosen
        if now.brightness_percent is not None and now.brightness_percent != before.brightness_percent:
            self._backlight.set(now.brightness_percent)
        code = now.language if now.language in LANGUAGES else None
        keep_settings(
            self._settings_file,
            KeptSettings(
                language=code,
                volume_percent=now.volume_percent,
                brightness_percent=now.brightness_percent,
            ),
        )

    def describe(self) -> dict[str, object]:
        """Return phase, version and the widgets on the screen, for the control socket."""
        self._lay_out(self._clock.mono_ns())
        return {
            "has_screen": self._window.has_screen,
            "phase": self._screen.phase if self._screen else None,
            "version": self._screen.version if self._screen else None,
            "run": self._screen.run.run_id if self._screen and self._screen.run else None,
            "page": self._view.page.value,
            "heard": self._heard_count,
            "unheard": self._unheard_count,
            "widgets": [
                {
                    "name": widget.name,
                    "label": widget.label,
                    "note": widget.note,
                    "rect": list(widget.rect.area),
                    "enabled": widget.takes_taps,
                    "hold_ms": widget.hold_ms,
                }
                for widget in self._layout.widgets
            ],
        }

    @property
    def layout(self) -> Layout:
        """The page as it was laid out last."""
        return self._layout

    def painted(self) -> dict[str, object]:
        """Return which version of the unit's screen is in the window and since when, for measuring."""
        return {"painted_version": self._shown_version, "painted_mono_ns": self._shown_mono_ns}

    async def run(self) -> None:
        self._sounds.prepare()
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(self._follow_unit(), name="follow unit"),
                tasks.create_task(self._acts.run(), name="send acts"),
                tasks.create_task(self._follow_passings(), name="follow passings"),
                tasks.create_task(self._follow_pictures(), name="follow pictures"),
            ]
            while not self._is_closed:
                self._read_input()
                self._refresh()
                SERVICE.beat()
                blind_ms = REST_PAUSE_MS if self._rests else INPUT_PAUSE_MS
                await self._news.wait(self._pause_ns() / _NS_PER_S, blind_s=blind_ms / 1_000)
            for helper in helpers:
                helper.cancel()

    def _pause_ns(self) -> int:
        """Return in how long something changes without news of the unit or of fingers."""
        if self._pointers.is_touched or self._view.pressed:
            return INPUT_PAUSE_MS * _NS_PER_MS
        moments = [self._looked_mono_ns + self._look_ms * _NS_PER_MS]
        if self._is_stale:
            moments.append(self._painted_mono_ns + FRAME_MIN_MS * _NS_PER_MS)
        if not self._calm.is_calm:
            moments.append(self._calm.since_mono_ns + CALM_MIN_MS * _NS_PER_MS)
        if self._view.message is not None:
            moments.append(self._view.message.until_mono_ns)
        if not self._view.is_link_lost:
            moments.append(self._answered_mono_ns + LINK_SILENCE_MAX_MS * _NS_PER_MS)
        return max(_NS_PER_MS, min(moments) - self._clock.mono_ns())

    @property
    def _look_ms(self) -> int:
        """How often is looked for what time alone changes."""
        return REST_LOOK_MS if self._rests else LOOK_AGAIN_MS

    def wake(self) -> None:
        """Look for fingers now: somebody put one there by the control socket."""
        self._news.wake()

    async def _follow_unit(self) -> None:
        """Take each new state of the unit; after silence ask afresh: its versions may have begun anew."""
        after: int | None = None
        while True:
            try:
                screen = await self._link.screen(after=after)
            except PeerLost as error:
                if after is not None:
                    log.warning("timing unit silent: reason=%s", error.reason)
                self._watch.failed(error)
                after = None
                await asyncio.sleep(RETRY_PAUSE_MS / 1_000)
                continue
            self._answered_mono_ns = self._clock.mono_ns()
            self._watch.answered()
            after = screen.version
            if screen != self._screen:
                if changes_page(self._screen, screen):
                    self._calm = Calm(since_mono_ns=self._clock.mono_ns())
                    self._set_view(replace(self._view, is_settling=True))
                for sound in sounds_between(self._screen, screen):
                    self._sounds.play(sound)
                self._set_view(after_screen(self._view, self._screen, screen))
                self._screen = screen
                self._is_stale = True
                self._refresh()  # a lap does not wait for the next look for fingers
                self._news.wake()

    async def _follow_passings(self) -> None:
        """While the run's passings are shown, ask for them whenever the unit has news."""
        asked: tuple[str, int] | None = None
        while True:
            if not self._shows_passings.is_set():
                asked = None
                await self._shows_passings.wait()
            run = None if self._screen is None else self._screen.run
            if self._screen is None or run is None:
                asked = None
            elif asked != (run.run_id, self._screen.version) or self._view.detail is None:
                asked = (run.run_id, self._screen.version)
                try:
                    self._set_view(with_detail(self._view, await self._link.run_detail(run.run_id)))
                except (PeerLost, ActRefused) as error:
                    log.warning("passings not shown: reason=%s", error)
                    asked = None
            await asyncio.sleep(DETAIL_PAUSE_MS / 1_000)

    async def _follow_pictures(self) -> None:
        """While displays are listed, ask for what each shows; nobody is asked while nobody looks."""
        while True:
            self._page_turned.clear()
            if self._view.page is not Page.DISPLAYS:
                self._set_view(replace(self._view, pictures={}))
                await self._page_turned.wait()
                continue
            for key in pictured(self._layout):
                try:
                    picture = (await self._link.display_picture(key)).picture
                except (PeerLost, ActRefused) as error:
                    log.debug("no picture: display=%s reason=%s", key, error)
                    picture = b""
                self._set_view(replace(self._view, pictures={**self._view.pictures, key: picture}))
            await happened(self._page_turned, PICTURES_PAUSE_MS / 1_000)

    def _take_outcome(self, sending: Sending, outcome: Outcome) -> None:
        """Say what became of an act, and show what follows from it."""
        view = self._view
        if isinstance(outcome, ActRefused):
            self._tell("refused", spoken(outcome, view.language))
        elif isinstance(outcome, PeerLost):
            self._say("refused", sending.act.unanswered)
        else:
            self._answered_mono_ns = self._clock.mono_ns()
            seal = None if self._screen is None else self._screen.contact_seal
            self._set_view(after_act(view, sending.act, outcome, seal, tapped_on=sending.tapped_on))
            self._say("saved", sending.act.said)
        carried = None if sending.name == CARRIED else self._view.carried
        self._set_view(replace(self._view, carried=carried))
        self._show_on_their_way()

    def _show_on_their_way(self) -> None:
        sending, slow = self._acts.names, self._acts.slow_names(self._clock.mono_ns())
        if (sending, slow) != (self._view.sending, self._view.slow):
            self._set_view(replace(self._view, sending=sending, slow=slow))

    def _read_input(self) -> None:
        now_mono_ns = self._clock.mono_ns()
        for event in read_events(self._window):
            self._take_event(event, now_mono_ns)
        self._follow_carry(now_mono_ns)
        if self._pointers.is_touched or self._screen is None or self._screen.phase != "idle":
            self._touched_mono_ns = now_mono_ns
        elif self._view.official_id and now_mono_ns - self._touched_mono_ns > SIGN_OFF_MS * _NS_PER_MS:
            self._set_view(signed_off(self._view))
        self._rests = now_mono_ns - self._touched_mono_ns > REST_AFTER_MS * _NS_PER_MS
        self._calm = self._calm.after(is_touched=self._pointers.is_touched, now_mono_ns=now_mono_ns)
        pressed, hold = self._pointers.pressed(now_mono_ns), self._pointers.hold()
        is_settling = not self._calm.is_calm
        if (pressed, hold, is_settling) != (self._view.pressed, self._view.hold, self._view.is_settling):
            self._set_view(replace(self._view, pressed=pressed, hold=hold, is_settling=is_settling))

    def _take_event(self, event: InputEvent, now_mono_ns: int) -> None:
        self._touched_mono_ns = now_mono_ns
        match event:
            case PointerEvent(kind="down"):
                self._dismiss_refusal()
                self._pointers.down(event.pointer, event.x, event.y, now_mono_ns)
            case PointerEvent(kind="move"):
                if drag := self._pointers.move(event.pointer, event.x, event.y, now_mono_ns):
                    self._set_view(
                        scrolled(
                            self._view, drag.list_area, from_top=drag.list_area.top, moved_px=drag.moved_px
                        )
                    )
            case PointerEvent(kind="up"):
                self._take_up(self._pointers.up(event.pointer, event.x, event.y, now_mono_ns))
            case KeyEvent(intent=intent):
                if self._view.page is Page.KEYBOARD:
                    self._take_key("keyboard:done", intent, now_mono_ns)
                elif self._view.page is Page.CONTACT:
                    self._take_key("contact:save", _on_contact_page(intent), now_mono_ns)
                elif isinstance(intent, TypeText) and self._may_begin_to_type():
                    self._set_view(begun_by_keys(self._view, intent.text))
                    self._lay_out(now_mono_ns)
            case WheelEvent(rows=rows):
                if area := self._layout.list_area:
                    row = max(0, min(area.top_max, area.top + rows))
                    self._take_intent("wheel", ScrollTo(row), now_mono_ns)
            case LostFingersEvent():
                self._pointers.cancel()
            case ExposedEvent():
                self._painter.forget()
                self._is_stale = True
            case QuitEvent():
                self._is_closed = True

    def _may_begin_to_type(self) -> bool:
        """Tell whether a real keyboard or a scanner may begin on this page."""
        return self._layout.widget("search") is not None or self._view.page is Page.PERSON

    def _take_key(self, done_name: str, intent: Intent, now_mono_ns: int) -> None:
        done = self._layout.widget(done_name)
        if not isinstance(intent, FinishTyping | SaveContact):
            self._take_intent(done_name, intent, now_mono_ns)
        elif done is not None and done.takes_taps and done.intent is not None:
            self._take_intent(done_name, done.intent, now_mono_ns)

    def _take_up(self, meant: Tap | Carry | Unheard | None) -> None:
        """Do what a finger meant that has just left; a tap that does not count is answered too."""
        match meant:
            case Tap(name=name, pressed_mono_ns=pressed_mono_ns):
                self._heard_count += 1
                widget = self._layout.widget(name)
                if widget is not None and widget.intent is not None:
                    self._take_intent(name, widget.intent, pressed_mono_ns)
            case Carry():
                self._heard_count += 1
                self._carry_on(meant)
                self._take_reaction(CARRIED, dropped(self._view), self._clock.mono_ns())
            case Unheard(name=name, why=why):
                self._unheard_count += 1
                log.info("tap not heard: button=%s why=%s", name, why)
                if why == "changed":
                    code = "link-lost" if self._view.is_link_lost else "changed-meanwhile"
                    self._say("refused", Sentence(f"refused.{code}"))
                else:
                    self._sounds.play("refused")

    def _follow_carry(self, now_mono_ns: int) -> None:
        """Let whoever is carried stand where the finger is; over an edge the list moves on."""
        carry, carried = self._pointers.carry(now_mono_ns), self._view.carried
        if carry is None:
            if carried is not None and not carried.is_dropped:
                self._set_view(replace(self._view, carried=None))  # the window lost the finger
            return
        turns = carry.edge if now_mono_ns - self._edge_mono_ns >= CARRY_PAUSE_MS * _NS_PER_MS else 0
        if turns or not carry.edge:
            self._edge_mono_ns = now_mono_ns
        self._carry_on(carry, turns=turns)

    def _carry_on(self, carry: Carry, *, turns: int = 0) -> None:
        area = self._layout.list_area
        if self._screen is not None and area is not None:
            self._set_view(carried_on(self._view, self._screen, carry, area, turns=turns))

    def _take_intent(self, name: str, intent: Intent, pressed_mono_ns: int) -> None:
        self._take_reaction(name, react(self._view, intent), pressed_mono_ns)

    def _take_reaction(self, name: str, reaction: Reaction, pressed_mono_ns: int) -> None:
        tapped_on = self._view.page
        self._heed_settings(self._view.settings, reaction.view.settings)
        self._set_view(reaction.view)
        if reaction.act is not None:
            act = stamped(reaction.act, pressed_mono_ns)
            self._queue(Sending(name=name, act=act, then=reaction.then, tapped_on=tapped_on))
        # The next event of the same batch must meet the screen as it is now.
        self._lay_out(self._clock.mono_ns())

    def _queue(self, sending: Sending) -> None:
        if self._view.is_link_lost and not is_kept(sending.act):
            self._say("refused", Sentence("refused.link-lost"))
        elif not self._acts.put(sending, official_id=self._view.official_id):
            self._say("refused", Sentence("refused.too-many-taps"))
        else:
            self._show_on_their_way()
            return
        if sending.name == CARRIED:
            self._set_view(replace(self._view, carried=None))

    def _refresh(self) -> None:
        """Draw what has changed: news at once, what time alone changes every tenth of a second."""
        now_mono_ns = self._clock.mono_ns()
        if self._window.look(now_mono_ns):
            self._painter.show_on(self._window.surface)
            self._is_stale = True
        self._watch_time(now_mono_ns)
        if not self._is_stale and now_mono_ns - self._looked_mono_ns < self._look_ms * _NS_PER_MS:
            return
        if now_mono_ns - self._painted_mono_ns < FRAME_MIN_MS * _NS_PER_MS:
            return
        self._looked_mono_ns = now_mono_ns
        self._is_stale = False
        self._lay_out(now_mono_ns)
        patches = self._painter.paint(self._layout.widgets)
        if patches:
            self._window.present([patch.area for patch in patches])
            self._painted_mono_ns = now_mono_ns
            self._news.wake()  # SDL may have read of a finger just now
        version = None if self._screen is None else self._screen.version
        if version != self._shown_version:
            self._shown_version, self._shown_mono_ns = version, self._clock.mono_ns()

    def _lay_out(self, now_mono_ns: int) -> None:
        self._layout = self._guard.attempt(
            f"page {self._view.page.value}",
            lambda: lay_out(self._screen, self._view, self._measures, now_mono_ns),
            otherwise=lambda: lay_plain(self._screen, self._view, self._measures),
        )
        self._pointers.see(self._layout, now_mono_ns)

    def _watch_time(self, now_mono_ns: int) -> None:
        """Notice a silent unit and a message that has been shown long enough."""
        is_lost = now_mono_ns - self._answered_mono_ns > LINK_SILENCE_MAX_MS * _NS_PER_MS
        if is_lost != self._view.is_link_lost:
            log.warning("timing unit %s", "not answering" if is_lost else "answers again")
            self._set_view(replace(self._view, is_link_lost=is_lost))
        self._read_last_words(now_mono_ns)
        self._show_on_their_way()
        message = self._view.message
        if message is not None and now_mono_ns >= message.until_mono_ns:
            self._set_view(replace(self._view, message=None))

    def _read_last_words(self, now_mono_ns: int) -> None:
        """See now and then why programs of this unit ended; a file that cannot be read says nothing."""
        last_mono_ns = self._words_mono_ns
        if last_mono_ns is not None and now_mono_ns - last_mono_ns < WORDS_PAUSE_MS * _NS_PER_MS:
            return
        self._words_mono_ns = now_mono_ns
        said = [read_last_words(self._runtime_folder, program) for program in PROGRAMS]
        words = tuple((one.program, _words_of(one, self._view)) for one in said if one is not None)
        if self._screen is None and now_mono_ns - self._answered_mono_ns > UNIT_SILENT_NS:
            words = (*words, ("touch", self._view.say("touch.no-unit", socket=str(self._socket))))
        if words != self._view.last_words:
            self._set_view(replace(self._view, last_words=words))

    def _dismiss_refusal(self) -> None:
        if self._view.message is not None and self._view.message.kind == "refused":
            self._set_view(replace(self._view, message=None))

    def _say(self, kind: str, said: Sentence) -> None:
        self._tell(kind, self._view.say(said.code, **said.fields))

    def _tell(self, kind: str, text: str) -> None:
        is_saved = kind == "saved"
        if not is_saved:
            self._sounds.play("refused")
        shown_ms = SAVED_SHOWN_MS if is_saved else REFUSED_SHOWN_MS
        until_mono_ns = self._clock.mono_ns() + shown_ms * _NS_PER_MS
        message = Message(kind="saved" if is_saved else "refused", text=text, until_mono_ns=until_mono_ns)
        self._set_view(replace(self._view, message=message))

    def _set_view(self, view: View) -> None:
        if view != self._view:
            if view.page is not self._view.page or view.list_top != self._view.list_top:
                self._page_turned.set()
            if self._view.contact is not None and self._view.contact is not view.contact:
                self._view.contact.wipe()
            self._view = view
            if view.page in PASSINGS_PAGES:
                self._shows_passings.set()
            else:
                self._shows_passings.clear()
            self._is_stale = True
            self._news.wake()


def _on_contact_page(intent: Intent) -> Intent:
    """Return what a real keyboard's Enter and Escape mean on the contact page."""
    match intent:
        case FinishTyping():
            return SaveContact()
        case ShowPage():
            return SkipContact()
    return intent


def _words_of(said: LastWords, view: View) -> str:
    """Return what a program said, in the person's language where it only opens its journal."""
    if said.reads is None:
        return said.sentence
    done, count = said.reads
    return view.say("touch.program-reads", done=done, count=count or "?")
