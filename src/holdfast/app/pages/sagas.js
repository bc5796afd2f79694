// Lists journeys and lets an admin try one again. The token lives in this variable and nowhere else.
"use strict";

const BASE = "/v1/operator/sagas";
const at = (id) => document.getElementById(id);
let token = null;
let cursor = null;

function say(text) {
  at("status").textContent = text;
}

async function ask(path, options = {}) {
  const headers = { accept: "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  if (options.body) headers["content-type"] = "application/json";
  const answer = await fetch(path, { ...options, headers });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.detail || body.title || `The server answered ${answer.status}.`);
  return body;
}

function cell(row, content) {
  const made = row.insertCell();
  made.append(content);
  return made;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", () => act().catch((error) => say(error.message)));
  return made;
}

async function show(id) {
  const journey = await ask(`${BASE}/${encodeURIComponent(id)}`);
  at("detail").hidden = false;
  at("detail").textContent = JSON.stringify(journey, null, 2);
  at("detail").focus();
}

async function retry(id) {
  await ask(`${BASE}/${encodeURIComponent(id)}/retry`, { method: "POST" });
  await list();
  say(`${id} begins anew.`);
  setTimeout(() => list().catch((error) => say(error.message)), 3000);
}

function add(journey) {
  const row = at("rows").insertRow();
  cell(row, button(journey.id, () => show(journey.id)));
  cell(row, journey.state.replace("_", " "));
  cell(row, [journey.outcome, journey.detail].filter(Boolean).join(": ") || "under way");
  cell(row, String(journey.tries));
  cell(row, new Date(journey.updated_at).toLocaleString());
  const may = journey.state === "failed" || journey.state === "needs_human";
  cell(row, may ? button("Try again", () => retry(journey.id)) : "");
}

async function list(more = false) {
  const query = new URLSearchParams({ limit: "50" });
  for (const name of ["state", "saga"]) if (at(name).value) query.set(name, at(name).value);
  if (more && cursor) query.set("cursor", cursor);
  const page = await ask(`${BASE}?${query}`);
  if (!more) at("rows").replaceChildren();
  page.items.forEach(add);
  cursor = page.next_cursor;
  at("more").hidden = !cursor;
  say(at("rows").rows.length ? "" : "Nothing here: all is done.");
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = JSON.stringify({ email: at("email").value, password: at("password").value });
  ask("/v1/sessions", { method: "POST", body })
    .then(async (session) => {
      token = session.access_token;
      await list();
      at("password").value = "";
      at("login").hidden = true;
      at("journeys").hidden = false;
    })
    .catch((error) => {
      token = null;
      say(error.message);
    });
});
for (const name of ["state", "saga"]) at(name).addEventListener("change", () => list().catch((error) => say(error.message)));
at("more").addEventListener("click", () => list(true).catch((error) => say(error.message)));
