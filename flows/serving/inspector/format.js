// Numbers, times and names as people read them.

const numbers = new Intl.NumberFormat("en-US");
const UNITS = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

export const count = (number) => numbers.format(number);
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
export const score = (value) => (value === null || value === undefined ? "\u2013" : value.toFixed(3));

export function age(seconds) {
  if (seconds === null || seconds === undefined) return "unknown age";
  const [unit, size] = UNITS.find(([, s]) => seconds >= s) || ["second", 1];
  return plural(Math.floor(seconds / size), unit);
}

export function day(at) {
  return at ? at.slice(0, 10) : "";
}

export function moment(at) {
  return at ? `${at.slice(0, 10)} ${at.slice(11, 16)} UTC` : "never";
}

export function where(thing) {
  const named = [thing.title, thing.heading].filter(Boolean).join(" \u203a ");
  return named || lastPart(thing.uri);
}

export function lastPart(uri) {
  return decodeURI(uri.split("/").pop() || uri);
}

// Offsets count characters; JavaScript counts UTF-16 units, which differ where a text has rare characters.
export function unitsAt(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (offset) => offset;
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return (offset) => units[Math.min(offset, units.length - 1)];
}

// Where a file lies on the server is nobody's business here: the end of its path tells it apart.
export function placeOf(uri) {
  return uri.startsWith("file:") ? decodeURI(uri).split("/").slice(-3).join("/") : uri;
}

export function link(uri) {
  return /^https?:\/\//i.test(uri) ? uri : null;
}
