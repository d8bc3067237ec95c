// Answers as resources through real clients: the list, the template, and an answer of
// 10 MB by pages.

import { describe, expect, test } from "bun:test";
import { until } from "../helpers/until.ts";
import { createSandbox } from "../process/sandbox.ts";
import { textOf } from "./host.ts";
import { answer, idOf, ticket, ticketClients } from "./tickets.ts";

describe.each([...ticketClients])("$client", ({ connect }) => {
  test("lists answers and reads one by the template", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(sandbox, sandbox.environment("answers"));
    expect(await client.listResources()).toEqual([]);
    const ids: string[] = [];
    for (const prompt of ["one", "two"]) {
      const args = { prompt, detail: "full" };
      ids.push(idOf(textOf(await client.callTool("consult", args))));
    }
    await until("the second is listed as well", async () => {
      return (await client.listResources()).length === 2;
    });
    expect(await client.listResources()).toMatchObject([
      { uri: `phone-opus://consult/${ids[1]}`, title: "two" },
      { uri: `phone-opus://consult/${ids[0]}`, title: "one" },
    ]);
    const [template] = await client.listResourceTemplates();
    expect(template).toMatchObject({
      uriTemplate: "phone-opus://consult/{id}{?page}",
      mimeType: "text/markdown",
    });
    for (const id of ids) {
      const uri = `phone-opus://consult/${id}`;
      expect(await client.readResource(uri)).toEqual({
        uri,
        mimeType: "text/markdown",
        text: answer,
        _meta: { page: 1, pages: 1 },
      });
    }
  });

  test("reads an answer of 10 MB by pages, and not beyond the last", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("long-answer"),
    );
    const args = { prompt: "Why?", detail: "full" };
    const id = idOf(textOf(await client.callTool("consult", args)));
    const uri = `phone-opus://consult/${id}`;
    const { text: first, _meta: meta } = await client.readResource(uri);
    const { pages } = meta;
    expect(pages).toBe(Math.ceil((10 << 20) / first.length));
    const middle = await client.readResource(`${uri}?page=100`);
    expect(middle._meta).toEqual({ page: 100, pages });
    expect(middle.text).toHaveLength(first.length);
    const last = await client.readResource(`${uri}?page=${pages}`);
    expect(first.length * (pages - 1) + last.text.length).toBe(10 << 20);
    const beyond = await client
      .readResource(`${uri}?page=${pages + 1}`)
      .then(() => "read", String);
    expect(beyond).toContain(`has ${pages} pages only`);
  });

  test("is told why there is nothing to read", async () => {
    await using sandbox = await createSandbox();
    await using client = await connect(
      sandbox,
      sandbox.environment("hangs-with-a-grandchild"),
    );
    const id = await ticket(client, { prompt: "Why?" });
    await sandbox.untilStarted(1);
    for (const [uri, says] of [
      [`phone-opus://consult/${id}`, "is running, or no longer kept"],
      ["phone-opus://consult/c_1", "its form is phone-opus://consult/{id}"],
      ["file:///etc/passwd", "There is no resource"],
    ] as const) {
      const failure = await client.readResource(uri).then(() => "read", String);
      expect(failure).toContain(says);
    }
    await client.callTool("consult_cancel", { consult_id: id });
    const { text } = await client.readResource(`phone-opus://consult/${id}`);
    expect(text).toContain("cancelled on request");
  });
});
