import { createServer } from "node:net";

// Raw TCP: every byte comes back.
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
}).listen(9000);
