// Talks to the gateway: JSON views with a key where one is needed, and live updates.

const KEY = "messplus-key";

/** What a view could not be shown for; `status` 0: the gateway cannot be reached. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const setKey = (key) => sessionStorage.setItem(KEY, key);

const ask = async (path, options = {}) => {
  const key = sessionStorage.getItem(KEY);
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  let response;
  try {
    response = await fetch(`api${path}`, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The gateway cannot be reached.");
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  const { code = "error", message = response.statusText } = body.error ?? {};
  throw new ApiError(response.status, code, message);
};

/** A view as JSON. */
export const get = async (path, signal) => (await ask(path, { signal })).json();

/** Saves a view as a file. */
export const download = async (path, name) => {
  const blob = await (await ask(path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
};

/**
 * Follows the overview. Calls back with each one, and with "live", "reconnecting" or an ApiError that
 * trying again does not mend. Returns a function that ends it.
 */
export const live = (onOverview, onState) => {
  const ending = new AbortController();
  const follow = async () => {
    for (let wait_ms = 500; !ending.signal.aborted; wait_ms = Math.min(wait_ms * 2, 10_000)) {
      try {
        const response = await ask("/live", { signal: ending.signal });
        onState("live");
        wait_ms = 500;
        for await (const overview of events(response.body)) onOverview(overview);
      } catch (error) {
        if (ending.signal.aborted) return;
        if (error.status === 401 || error.status === 403) return onState(error);
      }
      onState("reconnecting");
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  };
  follow();
  return () => ending.abort();
};

async function* events(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const event of whole) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6));
    }
  }
}
