"use strict";
const net = require("node:net");

function withoutBrackets(host) {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

/** Addresses and names that never leave the machine; `0.0.0.0` and `::` as targets mean the machine itself. */
function isLoopback(host) {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "localhost." || name.endsWith(".localhost")) return true;
  if (net.isIPv4(name)) return name.startsWith("127.") || name === "0.0.0.0";
  if (!net.isIPv6(name)) return false;
  if (name === "::" || name === "::1") return true;
  const mapped = mappedIPv4(name);
  return mapped !== undefined && (mapped.startsWith("127.") || mapped === "0.0.0.0");
}

/** The IPv4 address inside `::ffff:a.b.c.d`, in either notation. */
function mappedIPv4(address) {
  const dotted = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (dotted) return dotted[1];
  const hex = /^(?:0*:)*:?ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address);
  if (!hex) return undefined;
  const high = parseInt(hex[1], 16);
  const low = parseInt(hex[2], 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function ipv4Bytes(address) {
  return Buffer.from(address.split(".").map(Number));
}

function ipv6Bytes(address) {
  let text = address.split("%")[0];
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const [a, b, c, d] = tail[2].split(".").map(Number);
    text = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head, rest] = text.split("::");
  const left = head ? head.split(":") : [];
  const right = rest ? rest.split(":") : [];
  const groups = rest === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  const bytes = Buffer.alloc(16);
  groups.forEach((group, index) => bytes.writeUInt16BE(parseInt(group, 16), index * 2));
  return bytes;
}

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** PROXY protocol v2, command PROXY, TCP over IPv4 or IPv6; an IPv4 source is mapped when the destination is IPv6. */
function proxyHeader(source, sourcePort, destination, destinationPort) {
  const six = net.isIPv6(destination);
  const addresses = six
    ? [ipv6Bytes(net.isIPv6(source) ? source : `::ffff:${source}`), ipv6Bytes(destination)]
    : [ipv4Bytes(source), ipv4Bytes(destination)];
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(sourcePort, 0);
  tail.writeUInt16BE(destinationPort, 2);
  const body = Buffer.concat([...addresses, tail]);
  const head = Buffer.from([0x21, six ? 0x21 : 0x11, 0, body.length]);
  return Buffer.concat([SIGNATURE, head, body]);
}

/** As a handle answers `getpeername` and `getsockname`. */
function answer(address) {
  return (out) => {
    out.address = address.address;
    out.port = address.port;
    out.family = net.isIPv6(address.address) ? "IPv6" : "IPv4";
    return 0;
  };
}

/** Makes `remoteAddress`, `localPort` and `address()` of a socket say what the mesh means; set on the handle, so that TLS sees it too. */
function present(handle, peer, local) {
  if (!handle) return;
  if (peer) handle.getpeername = answer(peer);
  if (local) handle.getsockname = answer(local);
}

/** A Unix socket that stands for a TCP connection of the program. */
function isStandIn(handle) {
  return Boolean(handle) && Object.hasOwn(handle, "getpeername") && handle.constructor.name === "Pipe";
}

module.exports = { isLoopback, isStandIn, mappedIPv4, present, proxyHeader, withoutBrackets };
