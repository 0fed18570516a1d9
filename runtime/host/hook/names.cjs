"use strict";
const dns = require("node:dns");
const util = require("node:util");

/**
 * What the mesh knows of a name: addresses, `"none"` for a name below the cluster domain that does not exist,
 * `{alias}` for an ExternalName, undefined for everything else. Search path as in a pod (ndots:5).
 */
function findName(config, hostname) {
  const name = String(hostname).toLowerCase();
  const absolute = name.endsWith(".");
  const bare = absolute ? name.slice(0, -1) : name;
  if (bare === "") return undefined;
  const dots = bare.split(".").length - 1;
  const searched = config.search.map((suffix) => `${bare}.${suffix}`);
  const tried = absolute ? [bare] : dots < 5 ? [...searched, bare] : [bare, ...searched];
  for (const candidate of tried) {
    if (Object.hasOwn(config.names, candidate)) return config.names[candidate];
    if (Object.hasOwn(config.aliases, candidate)) return { alias: config.aliases[candidate] };
  }
  return bare.endsWith(`.${config.clusterDomain}`) ? "none" : undefined;
}

function notFound(syscall, hostname) {
  const error = new Error(`${syscall} ENOTFOUND ${hostname}`);
  return Object.assign(error, { errno: -3008, code: "ENOTFOUND", syscall, hostname });
}

function lookupOptions(options) {
  if (typeof options === "number") return { family: options };
  return options || {};
}

function wantsSix(options) {
  return options.family === 6 || options.family === "IPv6";
}

function install(config) {
  const original = {
    lookup: dns.lookup,
    promised: dns.promises.lookup,
    resolve: dns.resolve,
    resolve4: dns.resolve4,
    resolve6: dns.resolve6,
    presolve: dns.promises.resolve,
    presolve4: dns.promises.resolve4,
    presolve6: dns.promises.resolve6,
  };

  function lookup(hostname, options, callback) {
    const done = typeof options === "function" ? options : callback;
    const wanted = lookupOptions(typeof options === "function" ? undefined : options);
    const found = typeof hostname === "string" && typeof done === "function" ? findName(config(), hostname) : undefined;
    if (found === undefined) return original.lookup.apply(dns, arguments);
    if (!Array.isArray(found) && found !== "none") return original.lookup.call(dns, found.alias, wanted, done);
    if (found === "none" || found.length === 0 || wantsSix(wanted)) {
      process.nextTick(done, notFound("getaddrinfo", hostname));
    } else if (wanted.all) {
      process.nextTick(
        done,
        null,
        found.map((address) => ({ address, family: 4 })),
      );
    } else {
      process.nextTick(done, null, found[0], 4);
    }
    return {};
  }

  async function promised(hostname, options) {
    const wanted = lookupOptions(options);
    const found = typeof hostname === "string" ? findName(config(), hostname) : undefined;
    if (found === undefined) return original.promised.call(dns.promises, hostname, options);
    if (!Array.isArray(found) && found !== "none") return original.promised.call(dns.promises, found.alias, wanted);
    if (found === "none" || found.length === 0 || wantsSix(wanted)) throw notFound("getaddrinfo", hostname);
    return wanted.all ? found.map((address) => ({ address, family: 4 })) : { address: found[0], family: 4 };
  }

  /** Records of a mesh name; undefined leaves the question to the real resolver. */
  function records(hostname, type, options) {
    const found = typeof hostname === "string" ? findName(config(), hostname) : undefined;
    if (!Array.isArray(found) && found !== "none") return undefined;
    const syscall = `query${type}`;
    if (found === "none" || found.length === 0) return { error: notFound(syscall, hostname) };
    if (type !== "A") {
      const error = new Error(`${syscall} ENODATA ${hostname}`);
      return { error: Object.assign(error, { code: "ENODATA", syscall, hostname }) };
    }
    return { value: options && options.ttl ? found.map((address) => ({ address, ttl: 5 })) : [...found] };
  }

  function byCallback(fallback, kind) {
    return function (hostname, options, callback) {
      const done = typeof options === "function" ? options : callback;
      const type = kind === undefined ? (typeof options === "string" ? options : "A") : kind;
      const answer = type === "A" || type === "AAAA" ? records(hostname, type, options) : undefined;
      if (answer === undefined || typeof done !== "function") return fallback.apply(this, arguments);
      process.nextTick(done, answer.error || null, answer.value);
      return {};
    };
  }

  function byPromise(fallback, kind) {
    return async function (hostname, options) {
      const type = kind === undefined ? (typeof options === "string" ? options : "A") : kind;
      const answer = type === "A" || type === "AAAA" ? records(hostname, type, options) : undefined;
      if (answer === undefined) return fallback.apply(this, arguments);
      if (answer.error) throw answer.error;
      return answer.value;
    };
  }

  Object.defineProperty(lookup, util.promisify.custom, { value: promised });
  dns.lookup = lookup;
  dns.promises.lookup = promised;
  dns.resolve = byCallback(original.resolve);
  dns.resolve4 = byCallback(original.resolve4, "A");
  dns.resolve6 = byCallback(original.resolve6, "AAAA");
  dns.promises.resolve = byPromise(original.presolve);
  dns.promises.resolve4 = byPromise(original.presolve4, "A");
  dns.promises.resolve6 = byPromise(original.presolve6, "AAAA");
}

module.exports = { findName, install, notFound };
