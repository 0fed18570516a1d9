// How much there is of an item, with its price as the Java service says it.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
)

func price(item string) string {
	answer, err := http.Get("http://price:8080/price/" + item)
	if err != nil {
		return "price unknown"
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Sprintf("price unknown (%s)", answer.Status)
	}
	return strings.TrimSpace(string(text))
}

func main() {
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/stock/", func(w http.ResponseWriter, r *http.Request) {
		item := strings.TrimPrefix(r.URL.Path, "/stock/")
		fmt.Fprintf(w, "%d of %s, %s\n", 7*len(item), item, price(item))
	})
	log.Println("stock listens on 0.0.0.0:8080")
	log.Fatal(http.ListenAndServe("0.0.0.0:8080", nil))
}
