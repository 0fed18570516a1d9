"use strict";
const cluster = require("node:cluster");
const fs = require("node:fs");
const net = require("node:net");
const { present } = require("./addresses.cjs");

const { existsSync, readFileSync, unlinkSync, writeFileSync } = fs;
const declared = Symbol("meshdev.declared");
const captured = Symbol("meshdev.captured");

/** As `server.listen` reads its arguments: the port, or undefined when it is a path, a handle or a descriptor. */
function portOf(options) {
  if (options.path !== undefined && options.port === undefined) return undefined;
  if (options.fd !== undefined || options.handle || options._handle) return undefined;
  const port = Number(options.port);
  return options.port === undefined || options.port === null || !Number.isInteger(port) ? undefined : port;
}

/** Whether a process listens on the socket file; files outlive their process. */
function isListening(path) {
  try {
    // The kernel may skip a line while sockets come and go, so "no" is asked for three times.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
      // Column 4 holds the flags; 00010000 marks a listener.
      if (lines.some((line) => line.endsWith(` ${path}`) && line.split(/\s+/)[3] === "00010000")) return true;
    }
    return false;
  } catch {
    try {
      process.kill(Number(readFileSync(`${path}.pid`, "utf8")), 0);
      return true;
    } catch {
      return false;
    }
  }
}

function clearStale(path) {
  if (!existsSync(path) || isListening(path)) return;
  try {
    unlinkSync(path);
  } catch {
    // Somebody was faster; the bind decides.
  }
}

function isOwnPath(current, path) {
  return !cluster.isWorker && Object.values(current.listen).some((place) => place.path === path);
}

function shownAddress(host, port) {
  const address =
    host === undefined || host === "" || host === "localhost" ? (host === "localhost" ? "127.0.0.1" : "::") : host;
  return { address, family: net.isIPv6(address) ? "IPv6" : "IPv4", port };
}

/** What the program sees of a caller: its own sidecar, as behind Istio; callers of an outsider by their model address. */
function dress(current, place, port, socket) {
  const local = { address: current.address, port };
  if (place.kind === "unix") {
    present(socket._handle, { address: "127.0.0.6", port: 32768 + Math.floor(Math.random() * 28000) }, local);
    return;
  }
  const from = socket.remoteAddress;
  const alias = `127.${current.alias}.`;
  if (from && from.startsWith(alias)) {
    const peer = { address: `10.244.${from.slice(alias.length)}`, port: socket.remotePort };
    delete socket._peername;
    present(socket._handle, peer, local);
  }
}

function install(config) {
  // oxlint-disable-next-line typescript/unbound-method -- always called on a server
  const { listen: originalListen, address: originalAddress } = net.Server.prototype;

  net.Server.prototype.listen = function listen(...args) {
    const [options, callback] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
    const current = config();
    const port = portOf(options);
    // The primary of a cluster listens for its workers, on the path that they name.
    if (options.path && isOwnPath(current, options.path)) clearStale(options.path);
    if (port === undefined || !Object.hasOwn(current.listen, String(port)) || this[declared]) {
      return originalListen.apply(this, args);
    }
    const place = current.listen[String(port)];
    const shown = shownAddress(options.host, port);
    const onConnection = (socket) => dress(current, place, port, socket);
    const onError = (error) => {
      if (error.syscall !== "listen" && error.syscall !== "bind") return;
      const words = error.code === "EADDRINUSE" ? "EADDRINUSE: address already in use" : error.code;
      Object.assign(error, { address: shown.address, port, message: `listen ${words} ${shown.address}:${port}` });
      const unhandled = this.listenerCount("error") === 1;
      forget();
      // Our listener must not make an error look handled.
      if (unhandled) throw error;
    };
    const forget = () => {
      this[declared] = undefined;
      this.removeListener("connection", onConnection);
      this.removeListener("error", onError);
      this.removeListener("close", forget);
    };
    this[declared] = shown;
    this[captured] = true;
    this.prependListener("connection", onConnection);
    this.prependListener("error", onError);
    this.once("close", forget);

    const rest = { backlog: backlogOf(args, options), signal: options.signal, exclusive: options.exclusive };
    if (place.kind === "tcp")
      return originalListen.call(this, { ...rest, host: place.host, port: place.port }, callback || undefined);
    // Workers share what the primary listens on; only the primary knows whether the file is stale.
    if (!cluster.isWorker) clearStale(place.path);
    const result = originalListen.call(this, { ...rest, path: place.path }, callback || undefined);
    if (process.platform !== "linux" && !cluster.isWorker && this.listening) {
      writeFileSync(`${place.path}.pid`, String(process.pid));
    }
    return result;
  };

  net.Server.prototype.address = function address() {
    const shown = this[declared];
    if (shown !== undefined && this._handle) return { ...shown };
    // A closed server on a path would still name the path.
    if (this[captured] && !this._handle) return null;
    return originalAddress.call(this);
  };
}

/** `listen(port, host, backlog)` keeps its backlog in a place of its own. */
function backlogOf(args, options) {
  if (options.backlog !== undefined) return options.backlog;
  const numbers = args.slice(1).filter((each) => typeof each === "number");
  return numbers[0];
}

module.exports = { install };
