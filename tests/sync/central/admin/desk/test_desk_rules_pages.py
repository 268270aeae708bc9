"""The organiser sets up an event at the desk: formats with a preview, classes, stages, plan, displays,
officials, contacts; and a timekeeper times it without any hardware."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import BrowserContext, Page, expect

from pitboard.contacts.contact_seal import open_contact
from pitboard.race.bodies.event_bodies import ClassSet
from pitboard.race.bodies.people_bodies import ContactKeyPublished
from pitboard.race.roll import Official
from pitboard.trust.pin import pin_matches
from sync.central.admin.pin_keeper import verifier_of
from sync.central.contacts.contact_key_file import wrap_key
from tests.sync.central.admin.desk.conftest import Organiser, Venue
from tests.sync.central.admin.desk.desk_stage import PASSWORD
from tests.sync.central.contact_story import ADMIN, CONTACT_KEY

PASSPHRASE = "five quiet words for this"


def fill(page: Page, label: str, value: str) -> None:
    control = page.locator("dialog").get_by_label(label, exact=False).first
    if control.evaluate("one => one.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


def press(page: Page, name: str) -> None:
    page.locator("dialog").get_by_role("button", name=name, exact=True).click()
    expect(page.locator("dialog")).to_have_count(0)


def test_a_format_is_looked_at_before_it_ranks_anybody(venue: Venue, organiser: Organiser) -> None:
    venue.track.drives("c3", "Cem", 11.5, 11.6, 11.4)
    venue.central.take(venue.track.news())
    page = organiser.page
    organiser.go("#/format-from/DeepRacer, total time")
    preview = page.locator("section", has_text="The ranking it would give")
    expect(preview.locator("tbody tr").first).to_contain_text("Cem")  # alone with three laps; he is third now
    expect(preview.locator("tbody tr").first.locator("td").nth(1)).to_have_text("3")
    page.get_by_label("Shortest lap in ms").fill("-1")
    page.get_by_label("Shortest lap in ms").press("Tab")
    expect(page.locator("main .trouble")).to_contain_text("lap_min_ms")
    page.get_by_label("Shortest lap in ms").fill("4000")
    page.locator("main").get_by_label("Name").first.fill("Final rules")
    page.get_by_role("button", name="Save the format").click()
    expect(page.locator("#told")).to_contain_text("The format Final rules is as you wrote it")
    assert venue.central.fold().board.leader.competitor == "c1"  # type: ignore[union-attr]
    page.get_by_role("combobox", name="Format").select_option("Final rules")  # its own page again
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#told")).to_contain_text("The event is raced by Final rules now.")
    fold = venue.central.fold()
    assert fold.rules.lap_min_ms == 4_000
    assert fold.board.leader.competitor == "c3"  # type: ignore[union-attr]
    page.locator("li", has_text="Final rules").get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("dialog .trouble")).to_contain_text("The event is raced by it")


def test_classes_stages_and_the_plan(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    organiser.go("#/rules")
    page.get_by_role("button", name="Add a class").click()
    fill(page, "Short name", "two words")
    page.locator("dialog").get_by_role("button", name="Save").click()
    expect(page.locator("dialog .trouble")).to_contain_text("no blank")
    fill(page, "Short name", "kids")
    fill(page, "What people read", "Kids under 12")
    fill(page, "Format", "Hill climb")
    press(page, "Save")
    page.get_by_role("button", name="Add a stage").click()
    fill(page, "Short name", "finals")
    fill(page, "Kind", "knockout")
    fill(page, "Class", "kids")
    fill(page, "Drivers who go on", "4")
    press(page, "Save")
    programme = venue.central.fold().race.programme
    [kids] = programme.classes()
    assert (kids.name, kids.format, kids.by, kids.where) == ("Kids under 12", "Hill climb", "anna", "desk")
    [finals] = programme.stages()
    assert (finals.kind, finals.race_class, finals.settings) == ("knockout", "kids", {"count": 4})
    assert programme.format("Hill climb") is not None
    page.locator("tr", has_text="Kids under 12").get_by_role("button", name="Change").click()
    fill(page, "What people read", "Kids until 11")
    venue.central.say(ClassSet(race_class="kids", name="Children", format="Hill climb", by="bea"))
    page.locator("dialog").get_by_role("button", name="Save").click()  # another admin was faster
    expect(page.locator("dialog .trouble")).to_contain_text("admin bea changed this at")
    told = page.locator("dialog .meanwhile tbody tr").inner_text().split("\t")
    assert told == ["Name", "Kids under 12", "Children", "Kids until 11"]
    assert programme.classes()[0].name == "Children"
    press(page, "Save over it")
    assert programme.classes()[0].name == "Kids until 11"
    organiser.go("#/plan")
    expect(page.get_by_role("heading", name="Plan of the day")).to_be_visible()
    page.get_by_label("Time").fill("2026-06-06T14:30")
    page.get_by_label("Title").fill("Finals")
    page.get_by_label("Stage").select_option("finals")
    page.get_by_role("button", name="Save the plan").click()
    expect(page.locator("#told")).to_contain_text("The day's plan has 1 line now.")
    [item] = programme.schedule()
    assert (item.title, item.stage_id) == ("Finals", "finals")
    plan_is_kept_over_a_cut_a_session_that_ends_and_another_admin(organiser)


def plan_is_kept_over_a_cut_a_session_that_ends_and_another_admin(organiser: Organiser) -> None:
    page = organiser.page
    trouble, told = page.locator("main .trouble"), page.locator("#told")
    title, save = page.get_by_label("Title"), page.get_by_role("button", name="Save the plan")
    title.fill("Great finals")
    page.route("**/v1/admin/rules", lambda route: route.abort())
    save.click()
    expect(trouble).to_contain_text("Not saved, as far as this page can tell: central does not answer.")
    page.unroute("**/v1/admin/rules")
    page.context.clear_cookies()
    save.click()
    dialog = page.locator("dialog.again")
    expect(dialog).to_contain_text("Your session has ended. Sign in again: what you typed is still there.")
    page.keyboard.press("Escape")
    dialog.get_by_label("Account").fill("anna")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_label("Code").fill(organiser.code(steps=1))
    dialog.get_by_role("button", name="Sign in", exact=True).click()
    expect(told).to_contain_text("Nothing was saved yet: press once more.")
    expect(title).to_have_value("Great finals")
    other = page.context.new_page()  # a second admin, who looked at the plan before the first one saved
    other.goto(f"{organiser.base}/#/plan")
    expect(other.get_by_label("Title")).to_have_value("Finals")
    save.click()
    expect(told).to_contain_text("1 line now")
    other.get_by_label("Title").fill("Small finals")
    other.get_by_role("button", name="Save the plan").click()
    expect(other.locator("main .trouble")).to_contain_text("admin anna changed this at")
    row = other.locator("main .meanwhile tr").last
    expect(row).to_contain_text("Great finals")  # as it is now, beside what was and what is typed
    expect(row.locator("td").nth(0)).to_contain_text("Finals")
    expect(row.locator("td").nth(2)).to_contain_text("Small finals")
    expect(other.get_by_label("Title")).to_have_value("Small finals")
    other.get_by_role("button", name="Save over it").click()
    expect(other.locator("#told")).to_contain_text("1 line now")
    expect(other.get_by_label("Title")).to_have_value("Small finals")


def test_displays_messages_and_officials(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    organiser.go("#/displays")
    page.get_by_role("button", name="Show", exact=True).first.click()
    fill(page, "Scene", "podium")
    press(page, "Show it")
    expect(page.locator("#told")).to_contain_text("displays show, as soon as they have this word: Podium.")
    expect(page.locator("main li").first).to_contain_text("Podium")  # the page is drawn anew by then
    page.get_by_label("Message", exact=True).fill("The track is closed")
    page.locator("main").get_by_role("button", name="Dark", exact=True).first.click()
    press(page, "Do it")
    expect(page.locator("main li").first).to_contain_text("dark")
    expect(page.get_by_label("Message", exact=True)).to_have_value("The track is closed")
    page.get_by_role("button", name="Show the message").click()
    expect(page.locator("li", has_text="The track is closed")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    page.get_by_role("button", name="Take away").click()
    press(page, "Take away")
    expect(page.locator("main")).to_contain_text("No message stands")
    programme = venue.central.fold().race.programme
    [shown] = programme.displays()
    assert (shown.display, shown.by, [one.scene for one in shown.playlist]) == ("*", "anna", ["podium"])
    organiser.go("#/officials")
    page.locator("main").get_by_label("Name").fill("Olga Berg")
    page.get_by_label("Six digits").fill("246810")
    page.get_by_label("The same again").fill("246811")
    page.get_by_role("button", name="Appoint").click()
    expect(page.locator(".trouble")).to_contain_text("not the same")
    page.get_by_label("The same again").fill("246810")
    page.get_by_role("button", name="Appoint").click()
    expect(page.locator("li", has_text="Olga Berg")).to_be_visible()
    [olga] = venue.central.fold().race.roll.officials()
    assert fits(venue, olga, "246810")
    assert not fits(venue, olga, "246811")


def fits(venue: Venue, official: Official, pin: str) -> bool:
    verifier = verifier_of(official, venue.central.root())
    return verifier is not None and pin_matches(verifier, pin)


def has_contact_key(venue: Venue, key: X25519PrivateKey = ADMIN) -> None:
    event_key = venue.central.fold().root_key
    wrap_key(key, PASSPHRASE, event_key=event_key, memory_kib=8_192).save(venue.folder / "contact.key")
    venue.central.say(ContactKeyPublished(key=CONTACT_KEY))


def test_a_timekeeper_runs_an_event_without_hardware(venue: Venue, context: BrowserContext) -> None:
    has_contact_key(venue)
    keeper = Organiser(context.new_page(), f"https://localhost:{venue.central.desk_port}")
    keeper.set_up(venue.link("tim", "--timekeeper"), first="Time a run")
    page = keeper.page
    assert page.locator("nav a:visible").all_inner_texts() == ["Timing", "Account"]
    expect(page.get_by_label("Who drove")).to_be_focused()
    page.get_by_label("Who drove").fill("Dora")
    page.get_by_role("button", name="Register").click()
    fill(page, "Number", "7")
    press(page, "Register")
    times = page.get_by_label("Time of the lap")
    expect(times.nth(0)).to_be_focused()
    times.nth(0).fill("9,5")
    times.nth(0).press("Enter")
    times.nth(1).fill("0.9")
    page.get_by_label("E-mail").fill("dora@example.org")
    page.get_by_role("button", name="Save the run").click()
    expect(page.locator("main .trouble")).to_contain_text("shorter than the rules' shortest lap of 3.000")
    times.nth(1).fill("9.25")
    page.get_by_role("button", name="Save the run").click()
    expect(page.locator("#told")).to_contain_text("The run of Dora counts. The contact is kept, sealed.")
    fold = venue.central.fold()
    leader = fold.board.leader
    assert leader is not None
    assert (fold.race.name_of(leader.competitor), leader.columns[0].value) == ("Dora", 9_250_000_000)
    [run] = [one for one in fold.race.runs.values() if one.run_id.startswith("hand-")]
    assert fold.roster.name_of(run.unit) == "Desk"
    assert (run.armed.value.by, run.armed.value.where) == ("tim", "desk")
    assert [lap.uncertainty_ns for lap in fold.race.laps(run.run_id)] == [200_000_000] * 2
    [sealed] = venue.central.contacts()
    contact = open_contact(
        bytes.fromhex(sealed.sealed), ADMIN, event_key=fold.root_key, competitor=leader.competitor
    )
    assert (contact.email, contact.phone) == ("dora@example.org", None)
    expect(page.get_by_label("Who drove")).to_be_focused()
    page.keyboard.type("dor")  # the next run without a mouse: name, time, and Enter on an empty line
    page.keyboard.press("Enter")
    expect(times.nth(0)).to_be_focused()
    for text in ("9.4", ""):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    expect(page.locator("section", has_text="Timed here").locator("li")).to_have_count(2)
    page.get_by_role("button", name="Take back").nth(1).click()
    fill(page, "Reason", "typed twice")
    press(page, "Take back")
    expect(page.get_by_role("button", name="Take back")).to_have_count(1)
    page.get_by_role("button", name="Take back").click()
    fill(page, "Reason", "too late")
    press(page, "Take back")
    expect(page.locator("section", has_text="Timed here")).to_contain_text("discarded")
    assert fold.race.name_of(fold.board.leader.competitor) == "Anna Berg"  # type: ignore[union-attr]
    statuses = page.evaluate(
        "Promise.all(['/v1/desk/home', '/v1/admin/rules', '/v1/desk/contacts', '/v1/admin/units'].map("
        "path => fetch(path).then(one => one.status)))"
    )
    assert statuses == [403] * 4


def test_the_winners_are_called(venue: Venue, organiser: Organiser) -> None:
    has_contact_key(venue)
    page = organiser.page
    for name, mail in (("Anna Berg", "anna@example.org"), ("Ben", "ben@example.org")):
        organiser.go_by("#/board", "#/timing")
        page.get_by_label("Who drove").fill(name)
        page.get_by_role("button", name="Choose").first.click()
        page.get_by_label("Time of the lap").fill("20")
        page.get_by_label("E-mail").fill(mail)
        page.get_by_label("Telephone").fill("+49 30 1234567")
        page.get_by_role("button", name="Save the run").click()
        expect(page.locator("#told")).to_contain_text("sealed")
    organiser.go("#/contacts")
    page.get_by_label("Choose Ben").uncheck()
    page.get_by_role("button", name="Open them").click()
    fill(page, "Reason", "prize")
    fill(page, "Passphrase", "not the passphrase")
    page.locator("dialog").get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("dialog .trouble")).to_contain_text("The passphrase is wrong", timeout=15_000)
    fill(page, "Passphrase", PASSPHRASE)
    page.locator("dialog").get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("main")).to_contain_text("anna@example.org", timeout=15_000)
    assert "ben@example.org" not in page.locator("main").inner_text()
    expect(page.get_by_role("link", name="+49 30 1234567")).to_have_attribute("href", "tel:+49301234567")
    expect(page.locator("section", has_text="Who read contacts")).to_contain_text("because: prize")
    page.get_by_label("Choose Ben").check()
    page.get_by_role("button", name="File for a mail merge").click()
    fill(page, "Reason", "letters")
    fill(page, "Passphrase", PASSPHRASE)
    with page.expect_download() as download:
        page.locator("dialog").get_by_role("button", name="Make the file").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "rank,competitor,name,email,phone"
    assert lines[1] == "1,c1,Anna Berg,anna@example.org,+49 30 1234567"
    assert len(lines) == 3
    reads = page.locator("section", has_text="Who read contacts")
    expect(reads.locator("li").nth(0)).to_contain_text("export: 2 competitors, because: letters")
    expect(reads.locator("li").nth(0)).to_contain_text("desk anna")
    expect(reads.locator("li").nth(1)).to_contain_text("read: 1 competitors, because: prize")
    expect(reads.locator("li").nth(2)).to_contain_text("wrong passphrase")
