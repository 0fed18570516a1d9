# Asks for what policy keeps from it, again and again.
while true; do
  busybox wget -q -O - http://notes:8080/hello.txt || true
  busybox sleep 5
done
