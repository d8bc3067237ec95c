// The scripted API of `phone-opus doctor --prove`, under the name that the tests know.

export * from "../../src/messages-api/request.ts";
