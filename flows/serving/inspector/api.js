// The server's own interface; the page has no other way to anything.

const KEY = "headwater-key"; // kept in this tab only

export const who = { user: "", groups: [], fixed: false };

export function setKey(key) {
  sessionStorage.setItem(KEY, key);
}

export async function ask(path, { body, query } = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query || {})) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") url.searchParams.append(name, one);
  }
  const key = sessionStorage.getItem(KEY);
  const headers = { Accept: "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  } catch {
    throw { status: 0, detail: "The server does not answer.", fix: "start `headwater serve` again, then reload" };
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const detail = typeof told.detail === "string" ? told.detail : `The server answered ${answer.status}.`;
  throw { status: answer.status, detail, fix: told.fix, state: told.state };
}

// As whom a request without a body is sent: with a key the server knows, and refuses to be told.
export function asWho() {
  return who.fixed ? {} : { principal: who.user ? `user:${who.user}` : "", groups: who.groups };
}

export function inBody() {
  if (who.fixed) return {};
  return { ...(who.user ? { principal: `user:${who.user}` } : {}), ...(who.groups.length ? { groups: who.groups } : {}) };
}

export const read = (path, query = {}) => ask(path, { query: { ...query, ...asWho() } });
