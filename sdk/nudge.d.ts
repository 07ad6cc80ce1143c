/** Browser SDK of Nudge, as a script (`window.nudge`) or as a module (`require`, mini-programs). */

/** What a page shows in a slot. */
export interface Answer<Value = any> {
  /** The value to show: the variant's, the page's own default, or what is carried or overridden. */
  value: Value;
  /** Id for `shown` and `clicked`; missing where the service decided nothing that is shown. */
  decision_id?: string;
  /** Name of the variant; missing with a default and with a carried amount. */
  variant?: string;
  /**
   * Why: the service's reasons (`policy`, `holdout`, `only_eligible`, ...), or the SDK's own:
   * `default` (no answer in time), `carried` (the visitor chose it before), `override` (QA).
   */
  reason: string;
  /** Limits of an amount that may be typed instead, in yuan. */
  free_amount?: { min: number; max: number; step: number } | null;
  /** Probability with which the variant was drawn. */
  propensity?: number;
  /** True for an earlier decision that still stands. */
  sticky?: boolean;
}

/** Slot -> what the page shows in it. Each slot that was asked for is there. */
export type Answers = { [slot: string]: Answer };

/** The page's own attributes: `page` names it, all others are the visitor's context. */
export interface Context {
  /** Name of the page, such as `home` or `recharge`; the page of the call before without it. */
  page?: string;
  [attribute: string]: string | number | boolean | null | undefined;
}

/** The part of the Web Storage interface that the SDK uses. */
export interface KeyStorage {
  getItem(key: string): any;
  setItem(key: string, text: string): void;
  removeItem(key: string): void;
  /** The key at a place; null or undefined beyond the last one. */
  key(index: number): string | null | undefined;
}

/** Sends a POST; calls `done` with the text of the answer, whatever its status, or with nothing. */
export type Transport = (url: string, body: string, done: (text?: string) => void) => void;

export interface Options {
  /** Where the service is, such as `https://nudge.example`; empty for the page's own origin. */
  endpoint?: string;
  /** A key with the scope `decide` and no other: everybody can read it. */
  key: string;
  channel: 'web' | 'wap' | 'app' | 'miniprogram';
  /** Milliseconds after which the defaults are shown; 300 without it. */
  timeoutMs?: number;
  /** Slot -> value that is shown where the service did not decide in time. */
  defaults?: { [slot: string]: any };
  /** Id of the visitor, where the page has one; else the SDK makes one and keeps it. */
  visitorId?: string;
  /** Device token that the page's own server asked for (docs/people.md). */
  deviceToken?: string;
  /** localStorage without it, the mini-program's own storage in WeChat. */
  storage?: KeyStorage;
  /**
   * Found without it: `wx.request` in mini-programs, else fetch, else XMLHttpRequest. With one of
   * the page's own no beacon is sent.
   */
  transport?: Transport;
}

/** Start, or change the options; what was asked and shown before stays. */
export function init(options: Options): void;

/**
 * Ask for the slots of a page. `show` is called once, within the budget, and the promise (where the
 * browser has promises) resolves to the same answers. It never fails: then they are the defaults. A
 * page that asks again gets the same answers for half an hour.
 */
export function decide(
  slots: string[],
  context?: Context,
  show?: (answers: Answers) => void
): Promise<Answers>;

/** Tell that a decision was shown. Without an id (a default) it does nothing. */
export function shown(decisionId: string | undefined): void;

/** Tell that a decision was shown once half of the element has been visible for a second. */
export function seen(element: Element | null, decisionId: string | undefined): void;

/**
 * Send an event of a page: `clicked`, `step`, `prefill_kept`, `prefill_edited`, `feedback`, `paid`.
 * A step `amount` with its `amount` is carried: the next `decide` of `denomination` on another page
 * answers it, for half an hour.
 */
export function track(type: string, fields?: { [field: string]: any }): void;

/** Tell that a payment failed. The next `decide` of `payment_retry` asks anew, and says why. */
export function paymentFailed(reason?: string, method?: string): void;

/**
 * Let QA choose by the page's address: `?nudge.banner=coffee`. Only what the page lists can be
 * shown, so that a link can put nothing of its own into a page. It is not asked for and not counted.
 *
 * @param variants slot -> name -> value.
 * @param query the query, where there is no address (mini-programs).
 */
export function override(variants: { [slot: string]: { [name: string]: any } }, query?: string): void;

export as namespace nudge;
