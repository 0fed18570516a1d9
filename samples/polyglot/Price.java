import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** What an item costs. */
public class Price {
  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", 8080), 0);
    server.createContext("/price/", exchange -> {
      String item = exchange.getRequestURI().getPath().substring("/price/".length());
      byte[] body = (item.length() + ".50 each\n").getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
    System.out.println("price listens on 0.0.0.0:8080");
  }
}
