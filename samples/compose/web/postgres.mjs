import { connect } from "node:net";

/** Runs one statement as the user postgres, without a password, and gives back its rows: as much of the protocol as this sample needs. */
export function query(host, statement) {
  return new Promise((resolve, reject) => {
    const socket = connect(5432, host);
    const rows = [];
    let fault;
    let asked = false;
    let rest = Buffer.alloc(0);
    socket.setTimeout(5000, () => socket.destroy(new Error("the database does not answer")));
    socket.on("connect", () => socket.write(message("", Buffer.from("\0\x03\0\0user\0postgres\0\0", "latin1"))));
    socket.on("error", reject);
    socket.on("close", () => reject(fault ?? new Error("the database closed the connection")));
    socket.on("data", (piece) => {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const end = 1 + rest.readInt32BE(1);
        take(String.fromCharCode(rest[0]), rest.subarray(5, end));
        rest = rest.subarray(end);
      }
    });

    function take(type, body) {
      if (type === "E") fault = new Error(/M([^\0]*)\0/.exec(body.toString("utf8"))?.[1] ?? "the statement failed");
      else if (type === "D") rows.push(values(body));
      // Ready: for the statement, then for the end.
      else if (type === "Z" && !asked) {
        asked = true;
        socket.write(message("Q", Buffer.from(`${statement}\0`)));
      } else if (type === "Z") {
        if (fault === undefined) resolve(rows);
        socket.end(message("X", Buffer.alloc(0)));
      }
    }
  });
}

function message(type, body) {
  const head = Buffer.alloc(4);
  head.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), head, body]);
}

function values(body) {
  const found = [];
  for (let at = 2; at < body.length;) {
    const length = body.readInt32BE(at);
    at += 4;
    found.push(length < 0 ? null : body.toString("utf8", at, at + length));
    at += Math.max(length, 0);
  }
  return found;
}
