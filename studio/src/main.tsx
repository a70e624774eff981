import "./server/code";

import { render } from "preact";

import { startSession } from "./server/session";
import { App } from "./shell/app";
import { startRouter } from "./shell/router";

startRouter();
void startSession();
const root = document.getElementById("app");
if (root !== null) {
  root.textContent = "";
  render(<App />, root);
}
