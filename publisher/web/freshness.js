//  freshness - is what the page shows still true?  Pure: time is an argument
//
//  A map comes every second.  The first one after subscribing is the last there was, however old, so it does not
//  count as news; only a message that differs from the one before does.  No clock of another machine is trusted.

export const STALE_AFTER_MS = 5000;

export class Freshness {
    constructor(nowMs) {
        this.restart(nowMs);
    }

    //  Subscribed anew, or to something else.
    restart(nowMs) {
        this.sinceMs = nowMs;
        this.newsMs = null;
        this.identity = null;
    }

    //  The connection was lost: what comes first after it is old again, but the age goes on.
    reconnect() {
        this.identity = null;
    }

    take(frame, nowMs) {
        const identity = `${frame.boot}.${frame.seq}`;
        if (this.identity !== null && identity !== this.identity) this.newsMs = nowMs;
        this.identity = identity;
    }

    //  Something new has come since the (re)start.
    hasNews() {
        return this.newsMs !== null;
    }

    ageMs(nowMs) {
        return nowMs - (this.newsMs ?? this.sinceMs);
    }

    isStale(nowMs) {
        return this.ageMs(nowMs) > STALE_AFTER_MS;
    }

    //  "" when fresh.
    text(nowMs) {
        if (!this.isStale(nowMs)) return "";
        const age = `${Math.floor(this.ageMs(nowMs) / 1000)} s`;
        return this.newsMs === null
            ? `STALE: no new map yet, waiting for ${age}`
            : `STALE: no map for ${age}`;
    }
}
