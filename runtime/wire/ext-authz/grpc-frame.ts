const prefixBytes = 5;

/** A message in gRPC's frame: one byte that says it is not compressed, four of length. */
export function grpcFrame(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(prefixBytes + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, prefixBytes);
  return frame;
}

/** The last message of a stream, as Envoy takes it; undefined: there is none, or the stream ends within one. */
export function lastGrpcMessage(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last: Uint8Array | undefined;
  let at = 0;
  while (at < bytes.length) {
    if (at + prefixBytes > bytes.length) return undefined;
    const end = at + prefixBytes + view.getUint32(at + 1);
    if (end > bytes.length) return undefined;
    last = bytes.subarray(at + prefixBytes, end);
    at = end;
  }
  return last;
}
