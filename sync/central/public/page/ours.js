// What an answer must be before it is shown or kept. A portal's or a maintenance page answers 200 too.

const isText = (value) => typeof value === "string";
const isEntry = (entry) => !!entry && isText(entry.competitor_id) && isText(entry.name);
const isRun = (run) => !!run && isText(run.run_id) && Array.isArray(run.laps);
const isOnTrack = (run) => !!run && isText(run.run_id) && Array.isArray(run.places);

export function isBoard(answer) {
  return (
    !!answer?.event &&
    isText(answer.event.name) &&
    Number.isInteger(answer.event.resolution_ns) &&
    Array.isArray(answer.entries) &&
    answer.entries.every(isEntry) &&
    Array.isArray(answer.on_track) &&
    answer.on_track.every(isOnTrack)
  );
}

export function isPage(answer) {
  return !!answer?.event && Array.isArray(answer.entries) && answer.entries.every(isEntry);
}

export function isCompetitor(answer) {
  return isEntry(answer) && Array.isArray(answer.runs) && answer.runs.every(isRun);
}

export function isFound(answer) {
  return Array.isArray(answer?.results) && answer.results.every((one) => isEntry(one.entry ?? one)) && Number.isInteger(answer.found);
}

export function isLive(answer) {
  return (
    !!answer?.event &&
    isText(answer.event.id) &&
    isText(answer.tag) &&
    isText(answer.event.name) &&
    Number.isInteger(answer.event.resolution_ns) &&
    Array.isArray(answer.event.amounts) &&
    Array.isArray(answer.entries) &&
    answer.entries.every((one) => !!one && isText(one.id) && isText(one.name) && Array.isArray(one.columns)) &&
    Array.isArray(answer.on_track) &&
    answer.on_track.every((one) => !!one && isText(one.id) && Array.isArray(one.places))
  );
}

// The tags of both boards say whose it is: nobody else knows which board this phone has.
export function isChange(answer) {
  return !!answer && isText(answer.from) && isText(answer.to);
}

export function isTagged(told) {
  return isText(told?.tag);
}

// Return what the text says if that is ours, else null.
export function parsed(text, isOurs) {
  try {
    const answer = JSON.parse(text);
    return isOurs(answer) ? answer : null;
  } catch {
    return null;
  }
}

// Return the answer's body if it is ours; throws where it is not, as if nobody had answered.
export async function bodyOf(answer, isOurs) {
  const body = answer.redirected ? null : parsed(await answer.text(), isOurs);
  if (!body) throw new Error("not ours");
  return body;
}
