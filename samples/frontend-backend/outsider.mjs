// Runs without a sidecar, so its call reaches the backend's sidecar in plaintext; STRICT closes the connection.
async function tick() {
  try {
    const response = await fetch("http://backend:8080/api/data");
    console.log(`GET /api/data -> ${response.status}`);
  } catch (error) {
    console.log(`GET /api/data failed: ${error.cause?.code ?? error.message}`);
  }
}
setTimeout(tick, 1000);
setInterval(tick, 4000);
