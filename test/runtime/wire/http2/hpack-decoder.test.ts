import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../../../runtime/wire/http2/hpack-decoder.ts";

function blocks(...hex: readonly string[]): unknown {
  const decoder = new HpackDecoder();
  return hex.map((each) => {
    const bytes = Buffer.from(each.replaceAll(" ", ""), "hex");
    return decoder.decode(bytes, 0, bytes.length)?.map(({ name, value }) => `${name.text}: ${value}`);
  });
}

/** As the answers of RFC 7541 need it: a table of 256 bytes. */
const table256 = "3fe101";

const requests = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
  [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"],
];
const answers = [
  [
    ":status: 302",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ],
  [
    ":status: 307",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ],
  [
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

describe("RFC 7541, appendix C", () => {
  it.each([
    ["C.2.1", "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", ["custom-key: custom-header"]],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", [":path: /sample/path"]],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", ["password: secret"]],
    ["C.2.4", "82", [":method: GET"]],
  ])("%s %s", (_, hex, fields) => {
    expect(blocks(hex)).toEqual([fields]);
  });

  it("C.3: requests", () => {
    expect(
      blocks(
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ),
    ).toEqual(requests);
  });

  it("C.4: requests in Huffman code", () => {
    expect(
      blocks(
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ),
    ).toEqual(requests);
  });

  it("C.5: answers, entries evicted", () => {
    expect(
      blocks(
        `${table256} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
         474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`.replaceAll("\n", ""),
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
         7369 6f6e 3d31`.replaceAll("\n", ""),
      ),
    ).toEqual(answers);
  });

  it("C.6: answers in Huffman code, entries evicted", () => {
    expect(
      blocks(
        `${table256} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
         63c7 8f0b 97c8 e9ae 82ae 43d3`.replaceAll("\n", ""),
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`.replaceAll("\n", ""),
      ),
    ).toEqual(answers);
  });
});

describe("what is no HPACK", () => {
  it.each([
    ["index 0", "80"],
    ["an index behind the tables", "be"],
    ["an index far behind the tables", "ffff 03"],
    ["a name by an index behind the tables", "7f00 0161"],
    ["a number without end", "ff ff ff ff ff ff"],
    ["a number that is too large", "ff ff ff ff ff ff ff 0f"],
    ["a value that is not there", "40 0161"],
    ["a value longer than the block", "40 0161 0562"],
    ["a Huffman string with a whole byte of padding", "04 82 9bff"],
    ["a Huffman string with padding of zeros", "04 81 18"],
    ["a Huffman string with the end of string in it", "04 84 ffff ffff"],
    ["a table size above ours", "3fe2 1f"],
    ["a table size behind a field", "82 20"],
  ])("%s", (_, hex) => {
    expect(blocks(hex)).toEqual([undefined]);
  });
});

it("a table of no bytes keeps nothing", () => {
  expect(blocks("20 40 0161 0162", "be")).toEqual([["a: b"], undefined]);
});

it("a field larger than the table empties it", () => {
  const long = Buffer.from("x".repeat(100)).toString("hex");
  expect(blocks("3f21 40 0161 0162 be", `40 0163 64 ${long} be`)).toEqual([["a: b", "a: b"], undefined]);
});

it("a list that is too long for any message is read to its end, and not kept", () => {
  const first = Buffer.from("4001610162", "hex");
  const bomb = Buffer.concat([first, Buffer.alloc(16_000, 0xbe)]);
  const decoder = new HpackDecoder();
  expect(decoder.decode(bomb, 0, bomb.length)?.length).toBeLessThan(200);
  const behind = Buffer.from("be", "hex");
  expect(decoder.decode(behind, 0, 1)).toMatchObject([{ value: "b" }]);
});
