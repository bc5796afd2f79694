"use strict";
// What a link in a letter opens. The token stands behind the #, and is taken out of the address at once.
const part = (id) => document.getElementById(id);
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const PAGES = {
  "/account/confirm": {
    title: "Confirm your address",
    button: "Confirm",
    asks: [],
    send: () => post("/v1/accounts/confirm", { token }),
    done: "Thank you, the address is confirmed.",
  },
  "/account/recover": token
    ? {
        title: "Set a new password",
        button: "Set it",
        asks: ["password"],
        send: () => post("/v1/accounts/recover", { token, password: part("password").value }),
        done: "The new password is set, and every session has ended. Log in with it now.",
      }
    : {
        title: "Forgotten your password?",
        button: "Send me a link",
        asks: ["email"],
        send: () => post("/v1/accounts/recoveries", { email: part("email").value }),
        done: "If this address has an account, a link is on its way.",
      },
  "/account/invitation": {
    title: "Accept an invitation",
    button: "Log in and accept",
    asks: ["email", "known"],
    send: async () => {
      const session = await post("/v1/sessions", { email: part("email").value, password: part("known").value });
      if (!session.ok) return session;
      const { access_token: access } = await session.json();
      return post("/v1/invitations/accept", { token }, { authorization: `Bearer ${access}` });
    },
    done: "You are a member now.",
  },
};
const page = PAGES[location.pathname];

function post(path, body, headers = {}) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function say(text) {
  part("said").textContent = text;
}

async function go(event) {
  event.preventDefault();
  part("go").disabled = true;
  try {
    const answer = await page.send();
    if (answer.ok) {
      part("form").hidden = true;
      say(page.done);
      return;
    }
    const problem = await answer.json();
    const first = problem.errors && problem.errors[0];
    say((first && first.detail) || problem.detail || problem.title);
  } catch {
    say("The server cannot be reached. Try again.");
  }
  part("go").disabled = false;
}

part("title").textContent = page.title;
document.title = `${page.title} · Holdfast`;
for (const asked of page.asks) {
  part(`${asked}-row`).hidden = false;
  part(asked).required = true;
}
part("go").textContent = page.button;
part("form").hidden = false;
part("form").addEventListener("submit", go);
