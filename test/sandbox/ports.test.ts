// Which TCP ports an environment makes necessary.

import { expect, test } from "bun:test";
import { connectPorts } from "../../src/sandbox/ports.ts";

const usual = [443, 80, 53];

test.each([
  ["nothing", {}, []],
  [
    "an API address",
    { ANTHROPIC_BASE_URL: "http://127.0.0.1:8123/v1" },
    [8123],
  ],
  ["one without a port", { ANTHROPIC_BASE_URL: "https://gateway.example" }, []],
  [
    "a provider's",
    { ANTHROPIC_VERTEX_BASE_URL: "https://v.example:8443" },
    [8443],
  ],
  ["a proxy", { HTTPS_PROXY: "http://user:word@proxy.example:3128" }, [3128]],
  ["a small one", { https_proxy: "http://proxy.example:3129/" }, [3129]],
  ["a bare one", { HTTP_PROXY: "proxy.example:3130" }, [3130]],
  ["a socks one", { ALL_PROXY: "socks5h://proxy.example" }, [1080]],
  ["an IPv6 one", { HTTPS_PROXY: "http://[::1]:3131" }, [3131]],
  ["where not to use it", { NO_PROXY: "127.0.0.1,localhost" }, []],
  ["an empty one", { HTTPS_PROXY: "" }, []],
  ["nonsense", { HTTPS_PROXY: "http://:::" }, []],
  ["port 0", { HTTPS_PROXY: "http://h:0" }, []],
  ["another variable", { DATABASE_URL: "postgres://h:5432/x" }, []],
])("%s", (_name, environment, more) => {
  expect(connectPorts(environment)).toEqual([...usual, ...more]);
});
