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

const keyed = new EventTarget();
let key = null;
try {
  key = sessionStorage.getItem(KEY);
} catch {
  // A browser that keeps nothing for this site: the key lasts until the page is left.
}

export const hasKey = () => Boolean(key);

/** Takes another key, and tells everybody who waits for one. */
export const setKey = (next) => {
  key = next;
  try {
    sessionStorage.setItem(KEY, next);
  } catch {
    // See above.
  }
  keyed.dispatchEvent(new Event("key"));
};

/** Calls back whenever another key is taken. Returns a function that ends it. */
export const onKey = (taken) => {
  keyed.addEventListener("key", taken);
  return () => keyed.removeEventListener("key", taken);
};

const ask = async (path, options = {}) => {
  // A header cannot carry it, and fetch would fail as if nobody were there.
  if (key && /[^\x21-\x7e]/.test(key))
    throw new ApiError(401, "invalid_api_key", "This key has a space or a sign that no key has: copy it again.");
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

/** The gateway says something every 15 s at least; after this long without a word the connection is dead. */
const SILENCE_MS = 40_000;

/**
 * Follows the overview. Calls back with each one, and with "live", "reconnecting" or an ApiError that
 * trying again does not mend. Returns a function that ends it.
 */
export const live = (onOverview, onState) => {
  const ending = new AbortController();
  const follow = async () => {
    for (let wait_ms = 500; !ending.signal.aborted; wait_ms = Math.min(wait_ms * 2, 10_000)) {
      const hangingUp = new AbortController();
      const hangUp = () => hangingUp.abort();
      let timer = setTimeout(hangUp, SILENCE_MS);
      const heard = () => {
        clearTimeout(timer);
        timer = setTimeout(hangUp, SILENCE_MS);
      };
      try {
        const response = await ask("/live", { signal: AbortSignal.any([ending.signal, hangingUp.signal]) });
        onState("live");
        wait_ms = 500;
        for await (const overview of events(response.body, heard)) onOverview(overview);
      } catch (error) {
        if (ending.signal.aborted) return;
        if (error.status === 401 || error.status === 403) return onState(error);
      } finally {
        clearTimeout(timer);
      }
      onState("reconnecting");
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  };
  follow();
  return () => ending.abort();
};

async function* events(stream, heard) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    heard();
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
