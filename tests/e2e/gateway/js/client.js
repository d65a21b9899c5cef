// OpenAI's JavaScript SDK against the gateway at the address that is given: prints what it got, as JSON.

import OpenAI from "openai";

const baseURL = process.argv[2];
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0, timeout: 10_000 });
const messages = [{ role: "user", content: "Hi" }];
const tools = [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }];

async function chat() {
  const { data, response } = await client.chat.completions
    .create({ model: "auto", messages, messplus: { alpha: 0.5 } })
    .withResponse();
  return {
    text: data.choices[0].message.content,
    model: data.model,
    answeredBy: response.headers.get("x-messplus-model"),
    alpha: response.headers.get("x-messplus-alpha"),
    id: data.id,
  };
}

async function stream() {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ model: "auto", messages, stream: true })) {
    text += chunk.choices[0]?.delta?.content ?? "";
  }
  return { text };
}

async function callTool() {
  const answer = await client.chat.completions.create({ model: "auto", messages, tools });
  const call = answer.choices[0].message.tool_calls[0];
  return { reason: answer.choices[0].finish_reason, arguments: JSON.parse(call.function.arguments) };
}

async function error() {
  try {
    await client.chat.completions.create({ model: "no-such-model", messages });
    return {};
  } catch (error) {
    return { notFound: error instanceof OpenAI.NotFoundError, code: error.code, name: error.requestID };
  }
}

async function feedback(id) {
  const response = await fetch(`${baseURL}/feedback`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, value: true }),
  });
  return { status: response.status, ...(await response.json()) };
}

const tool = await callTool(); // first: the upstream's script has one answer that calls a tool
const answer = await chat();
console.log(
  JSON.stringify({
    tool,
    chat: answer,
    stream: await stream(),
    error: await error(),
    feedback: await feedback(answer.id),
  }),
);
