"use strict";
// Runs inside the user's Node program (18 and later), before its first line: NODE_OPTIONS=--require <this file>.
// It replaces name lookup, connect and listen, so that the program's traffic passes its sidecar. Configured by one JSON
// file ($MESHDEV_HOOK). If that cannot be read the program does not start: it would run in the open.

const { syncBuiltinESMExports } = require("node:module");

if (globalThis[Symbol.for("meshdev.hook")] === undefined) {
  Object.defineProperty(globalThis, Symbol.for("meshdev.hook"), { value: true });
  try {
    const { openConfig } = require("./config.cjs");
    const config = openConfig(process.env.MESHDEV_HOOK);
    require("./names.cjs").install(config);
    require("./outbound.cjs").install(config);
    require("./inbound.cjs").install(config);
    syncBuiltinESMExports();
  } catch (error) {
    require("node:fs").writeSync(
      2,
      `meshdev: this program is not started, because its traffic could not be captured: ${error && error.message}\n`,
    );
    process.exit(70);
  }
}
