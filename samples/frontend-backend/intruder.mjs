// Has a sidecar and a certificate of its own, but the AuthorizationPolicy names only frontend.
async function tick() {
  try {
    const response = await fetch("http://backend:8080/api/data");
    console.log(`GET /api/data -> ${response.status} ${(await response.text()).trim()}`);
  } catch (error) {
    console.log(`GET /api/data failed: ${error.cause?.code ?? error.message}`);
  }
}
setTimeout(tick, 500);
setInterval(tick, 3000);
