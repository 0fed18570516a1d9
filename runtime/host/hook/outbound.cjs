"use strict";
const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");
const { isLoopback, isStandIn, mappedIPv4, present, proxyHeader, withoutBrackets } = require("./addresses.cjs");
const { findName, notFound } = require("./names.cjs");

const { existsSync } = fs;

/** Ports that a captured connection claims to come from; only for logs, never bound. */
function createPortCounter() {
  let next = 32768 + (process.pid % 28000);
  return () => {
    next = next >= 60999 ? 32768 : next + 1;
    return next;
  };
}

function systemError(code, errno, target) {
  const error = new Error(`connect ${code} ${target.address}:${target.port}`);
  return Object.assign(error, { errno, code, syscall: "connect", address: target.address, port: target.port });
}

/** A sidecar that is not there looks like a refused connection, whatever the state of its socket file. */
function nameFailure(socket, path, target) {
  const destroy = socket._destroy;
  socket._destroy = function (error, done) {
    if (error && error.syscall === "connect" && error.address === path) {
      const words = systemError("ECONNREFUSED", -111, target);
      Object.assign(error, {
        code: words.code,
        errno: words.errno,
        address: words.address,
        port: words.port,
        message: words.message,
      });
    }
    return destroy.call(this, error, done);
  };
}

function refuse(socket, what) {
  const error = new Error(`meshdev cannot capture ${what}; use tls.connect()`);
  process.nextTick(() => socket.destroy(Object.assign(error, { code: "ERR_MESHDEV_NOT_CAPTURED" })));
  return socket;
}

function install(config) {
  // oxlint-disable-next-line typescript/unbound-method -- always called on a socket
  const { connect: originalConnect, _writeGeneric: writeGeneric, resetAndDestroy } = net.Socket.prototype;
  const originalTlsConnect = tls.connect;
  const claimPort = createPortCounter();

  /** Where a destination leads; `undefined` means that nobody but the resolver can say. */
  function classify(current, host, port) {
    if (isLoopback(host)) return { kind: "loopback" };
    if (net.isIP(host) !== 0) return { kind: "address", address: mappedIPv4(host) || host };
    const found = findName(current, host);
    if (found === undefined) return undefined;
    if (found === "none" || (Array.isArray(found) && found.length === 0)) return { kind: "unknown" };
    if (!Array.isArray(found)) return classify(current, found.alias, port) || { kind: "alias", name: found.alias };
    return { kind: "address", address: found[Math.floor(Math.random() * found.length)] };
  }

  /** Own declared ports are answered by the program itself, as on a pod's loopback. */
  function toLoopback(socket, current, options, callback) {
    const own = Object.hasOwn(current.listen, String(options.port)) ? current.listen[String(options.port)] : undefined;
    if (own !== undefined && own.kind === "unix" && existsSync(own.path)) {
      if (socket.encrypted) return refuse(socket, "a TLS socket that was made by hand");
      const result = originalConnect.call(
        socket,
        { ...options, host: undefined, port: undefined, path: own.path },
        callback,
      );
      const address = net.isIP(options.host || "") ? options.host : "127.0.0.1";
      present(socket._handle, { address, port: Number(options.port) }, { address, port: claimPort() });
      return result;
    }
    if (own !== undefined && own.kind === "tcp") {
      return originalConnect.call(socket, { ...options, host: own.host, port: own.port }, callback);
    }
    return originalConnect.call(socket, options, callback);
  }

  function toSidecar(socket, current, options, callback, target) {
    if (socket.encrypted) return refuse(socket, "a TLS socket that was made by hand");
    const source = { address: current.address, port: claimPort() };
    const result = originalConnect.call(
      socket,
      { ...options, host: undefined, port: undefined, path: current.outbound },
      callback,
    );
    present(socket._handle, target, source);
    nameFailure(socket, current.outbound, target);
    const header = proxyHeader(source.address, source.port, target.address, target.port);
    // Before anything that waits for `connect`, and past the stream's own queue, which may already hold bytes of the program.
    const announce = () => writeGeneric.call(socket, false, header, "buffer", () => undefined);
    socket.prependOnceListener("connect", announce);
    // A program may connect the same socket again after a failure: the header of this try must not go to another destination.
    socket.once("close", () => socket.removeListener("connect", announce));
    return result;
  }

  /** A program without sidecar reaches the inbound sidecar of a callee directly, as from a pod outside the mesh. */
  function toEndpoint(socket, current, options, callback, target) {
    const key = `${target.address}:${target.port}`;
    const endpoints = Object.hasOwn(current.endpoints, key) ? current.endpoints[key] : undefined;
    if (endpoints === undefined) {
      if (!current.virtual.some((prefix) => target.address.startsWith(prefix))) {
        return originalConnect.call(socket, { ...options, host: target.address }, callback);
      }
      process.nextTick(() => socket.destroy(systemError("ECONNREFUSED", -111, target)));
      return socket;
    }
    if (endpoints.length === 0) {
      process.nextTick(() => socket.destroy(systemError("ECONNREFUSED", -111, target)));
      return socket;
    }
    const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
    const from = current.dialFrom ? { localAddress: current.dialFrom } : {};
    const result = originalConnect.call(
      socket,
      { ...options, ...from, host: endpoint.host, port: endpoint.port },
      callback,
    );
    present(socket._handle, target, { address: current.address, port: claimPort() });
    return result;
  }

  function toAddress(socket, current, options, callback, address) {
    const target = { address, port: Number(options.port) };
    if (current.mode === "outsider") return toEndpoint(socket, current, options, callback, target);
    return toSidecar(socket, current, options, callback, target);
  }

  function resolveThenConnect(socket, current, options, callback, name) {
    socket.connecting = true;
    // Whether a header goes first is not known yet, so the first write of the program waits here; the stream keeps the rest.
    const held = [];
    socket._writeGeneric = (...write) => void held.push(write);
    const lookup = options.lookup || require("node:dns").lookup;
    const wanted = { family: options.family || 0, hints: options.hints || 0, all: true };
    lookup(name, wanted, (error, found, family) => {
      delete socket._writeGeneric;
      if (socket.destroyed) return;
      socket.connecting = false;
      const addresses = Array.isArray(found) ? found : found ? [{ address: found, family }] : [];
      const chosen = addresses.find((each) => each.family === 4 || each.family === "IPv4") || addresses[0];
      socket.emit("lookup", error || null, chosen && chosen.address, chosen && chosen.family, name);
      if (error || chosen === undefined) {
        socket.destroy(error || notFound("getaddrinfo", name));
        return;
      }
      const settled = { ...options, host: chosen.address, lookup: undefined };
      try {
        if (isLoopback(chosen.address)) toLoopback(socket, current, settled, callback);
        else toAddress(socket, current, settled, callback, chosen.address);
        for (const write of held) socket._writeGeneric(...write);
      } catch (failure) {
        socket.destroy(failure);
      }
    });
    return socket;
  }

  net.Socket.prototype.connect = function connect(...args) {
    const [options, callback] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
    const port = Number(options.port);
    if (options.path || !Number.isInteger(port) || port < 0 || port > 65535) return originalConnect.apply(this, args);
    const current = config();
    const host = withoutBrackets(String(options.host || "localhost"));
    const where = classify(current, host, port);
    const settled = { ...options, host };
    if (where === undefined) {
      // An outsider's calls to the outside are none of our business.
      if (current.mode === "outsider") return originalConnect.apply(this, args);
      return resolveThenConnect(this, current, settled, callback, host);
    }
    if (where.kind === "loopback") return toLoopback(this, current, settled, callback);
    if (where.kind === "address") return toAddress(this, current, settled, callback, where.address);
    if (where.kind === "alias") return resolveThenConnect(this, current, settled, callback, where.name);
    process.nextTick(() => this.destroy(notFound("getaddrinfo", host)));
    return this;
  };

  // A Unix socket has no reset to send, and Node refuses to try: the nearest thing is to drop it.
  net.Socket.prototype.resetAndDestroy = function reset() {
    return isStandIn(this._handle) ? this.destroy() : resetAndDestroy.call(this);
  };

  // A TLS socket makes its TCP handle before connect: give it one that is already on its way to the sidecar.
  tls.connect = function connect(...args) {
    const [options, callback] = net._normalizeArgs(args);
    const second = args.find((each, index) => index > 0 && each !== null && typeof each === "object");
    const merged = second === undefined ? options : { ...options, ...second };
    const host = withoutBrackets(String(merged.host || "localhost"));
    const current = config();
    const captured = current.mode === "meshed" || Object.hasOwn(current.listen, String(merged.port));
    const own =
      Object.hasOwn(current.listen, String(merged.port)) && existsSync(current.listen[String(merged.port)].path || "");
    if (merged.socket || merged.path || !captured || (isLoopback(host) && !own))
      return originalTlsConnect.apply(tls, args);
    const raw = new net.Socket({
      keepAlive: merged.keepAlive,
      keepAliveInitialDelay: merged.keepAliveInitialDelay,
      noDelay: merged.noDelay,
    });
    raw.connect({
      host: merged.host,
      port: merged.port,
      family: merged.family,
      hints: merged.hints,
      lookup: merged.lookup,
    });
    const secure = originalTlsConnect.call(tls, { ...merged, socket: raw }, callback || undefined);
    raw.on("error", (error) => secure.destroy(error));
    raw.once("connect", () => {
      // Without a handle of its own at first, the raw socket is wrapped as a stream that has no addresses.
      present(
        secure._handle,
        { address: raw.remoteAddress, port: raw.remotePort },
        { address: raw.localAddress, port: raw.localPort },
      );
    });
    if (merged.timeout) secure.setTimeout(merged.timeout);
    return secure;
  };
}

module.exports = { install };
