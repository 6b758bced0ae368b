// Who asks: a key's holder, or on this machine anybody. All sections show what that principal may read.

import { who } from "./api.js";
import { byId, el, put, say } from "./dom.js";

const words = (text) => text.split(/[\s,]+/).filter(Boolean);

export function showWho(known, changed) {
  const place = byId("who");
  if (who.fixed) {
    place.classList.add("fixed");
    const groups = known.groups.length ? ` in ${known.groups.join(", ")}` : "";
    put(place, el("span", { class: "label" }, `Key ${known.key}: asks as ${known.user || "anonymous"}${groups}`));
    return;
  }
  const query = new URLSearchParams(location.hash.split("?")[1] || "");
  who.user = query.get("user") || sessionStorage.getItem("headwater-user") || "";
  who.groups = words(query.get("groups") || sessionStorage.getItem("headwater-groups") || "");
  const user = el("input", { id: "user", list: "users", placeholder: "anyone", autocomplete: "off", spellcheck: "false", value: who.user });
  const groups = el("input", { id: "groups", list: "group-names", placeholder: "none", autocomplete: "off", spellcheck: "false", value: who.groups.join(", ") });
  put(place, el("label", { for: "user" }, "Ask as"), user, el("label", { for: "groups" }, "in groups"), groups,
    el("datalist", { id: "users" }, known.known_users.map((name) => el("option", { value: name }))),
    el("datalist", { id: "group-names" }, known.known_groups.map((name) => el("option", { value: name }))));
  const take = (event) => {
    event.preventDefault();
    who.user = user.value.trim().replace(/^user:/, "");
    who.groups = words(groups.value).map((group) => group.replace(/^group:/, ""));
    sessionStorage.setItem("headwater-user", who.user);
    sessionStorage.setItem("headwater-groups", who.groups.join(","));
    say(`Now asking as ${who.user || "anyone"}${who.groups.length ? ` in ${who.groups.join(", ")}` : ""}`);
    changed();
  };
  place.addEventListener("change", take);
  place.addEventListener("submit", (event) => event.preventDefault());
}
