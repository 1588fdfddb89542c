//  api - everything the page asks of its publisher: HTTP answers and the WebSocket feed
//
//  A read token comes with the page's own address (?token=...), is taken out of it, kept for this tab, and sent with
//  every request.  Nothing is ever asked of another host.

const TOKEN_KEY = "leadline-token";
const BACKOFF_FIRST_MS = 500,
    BACKOFF_MOST_MS = 10000;
const REQUEST_LIMIT_MS = 15000;

export function takeToken() {
    const here = new URL(location.href);
    const given = here.searchParams.get("token");
    if (given !== null) {
        here.searchParams.delete("token");
        history.replaceState(null, "", here);
        try {
            sessionStorage.setItem(TOKEN_KEY, given);
        } catch {
            /* storage may be forbidden: memory will do */
        }
        return given;
    }
    try {
        return sessionStorage.getItem(TOKEN_KEY) ?? "";
    } catch {
        return "";
    }
}

export class ApiError extends Error {
    constructor(status, text) {
        super(status ? `HTTP ${status}: ${text}` : text);
        this.status = status;
    }
}

//  The answer as JSON; throws an ApiError with the text a person should see.
export async function getJson(path, { token = "", signal } = {}) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), REQUEST_LIMIT_MS);
    signal?.addEventListener("abort", () => limit.abort(), { once: true });
    try {
        const headers = token ? { Authorization: `Bearer ${token}` } : {};
        const answer = await fetch(path, { headers, signal: limit.signal, cache: "no-store" });
        const text = await answer.text();
        let body = null;
        try {
            body = JSON.parse(text);
        } catch {
            /* said below */
        }
        if (!answer.ok)
            throw new ApiError(answer.status, body?.error ?? (text.slice(0, 200) || answer.statusText));
        if (body === null) throw new ApiError(answer.status, "the answer is not JSON");
        return body;
    } catch (error) {
        if (error instanceof ApiError || signal?.aborted) throw error;
        throw new ApiError(
            0,
            limit.signal.aborted
                ? `no answer within ${REQUEST_LIMIT_MS / 1000} s`
                : "the publisher cannot be reached"
        );
    } finally {
        clearTimeout(timer);
    }
}

export function heatmapPath(state, rows) {
    const query = new URLSearchParams({
        range: state.range,
        model: state.model,
        groups: state.groups.join(","),
        rows
    });
    if (state.venues && state.model === "full") query.set("venues", state.venues.join(","));
    return `/v1/heatmap/${encodeURIComponent(state.instrument)}?${query.toString().replaceAll("%2C", ",")}`;
}

//  How long to wait before try n (from 0): doubles, with a random part so that readers do not return all at once.
export function backoffMs(tries, random = Math.random) {
    return Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** tries) * (0.75 + 0.5 * random());
}

//  The feed: reconnects by itself, keeps its subscriptions.  onMessage({topic, skipped, data});
//  onStatus({isOpen, retryAt, error}).
export class Feed {
    constructor({ token, onMessage, onStatus }) {
        this.token = token;
        this.onMessage = onMessage;
        this.onStatus = onStatus;
        this.topics = new Set();
        this.tries = 0;
        this.connect();
    }

    connect() {
        const url = new URL("/v1/feed", location.href);
        url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
        if (this.token) url.searchParams.set("token", this.token);
        const socket = new WebSocket(url);
        this.socket = socket;
        socket.onopen = () => {
            this.tries = 0;
            for (const topic of this.topics) socket.send(`subscribe ${topic}`);
            this.onStatus({ isOpen: true });
        };
        socket.onmessage = (event) => this.take(event.data);
        socket.onclose = () => {
            const wait = backoffMs(this.tries++);
            this.onStatus({ isOpen: false, retryAt: Date.now() + wait });
            setTimeout(() => this.connect(), wait);
        };
    }

    take(text) {
        let message;
        try {
            message = JSON.parse(text);
        } catch {
            message = { error: "a message of the feed is not JSON" };
        }
        if (message.error) this.onStatus({ isOpen: true, error: message.error });
        else this.onMessage(message);
    }

    want(topics) {
        const next = new Set(topics);
        const isOpen = this.socket.readyState === WebSocket.OPEN;
        for (const topic of this.topics)
            if (!next.has(topic) && isOpen) this.socket.send(`unsubscribe ${topic}`);
        for (const topic of next)
            if (!this.topics.has(topic) && isOpen) this.socket.send(`subscribe ${topic}`);
        this.topics = next;
    }
}
