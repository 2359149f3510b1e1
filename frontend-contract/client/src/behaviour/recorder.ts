import { RecordBehaviourDocument, type BehaviourEventInput, type BehaviourKind } from "../generated/graphql.ts";
import type { GraphqlClient } from "../transport/client.ts";

/** What happened, without what the recorder adds. */
export interface Happening {
  readonly kind: BehaviourKind;
  readonly productId: string;
  readonly sku?: string;
  readonly dwellMs?: number;
  readonly quantity?: number;
}

/** What a recorder needs from outside. */
export interface RecorderPorts {
  readonly send: (events: readonly BehaviourEventInput[], leaving: boolean) => Promise<boolean>;
  /** False when the shopper has not agreed; then nothing leaves the browser. */
  readonly mayRecord: () => boolean;
  readonly sessionId: string;
  readonly newId: () => string;
  readonly now: () => Date;
}

const LARGEST_BATCH = 100;
const LARGEST_QUEUE = 500;

/** Gathers behaviour and sends it in batches; a batch that fails is sent again with the next under the same ids. */
export class BehaviourRecorder {
  readonly #ports: RecorderPorts;
  readonly #delayMs: number;
  #queue: BehaviourEventInput[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: RecorderPorts, delayMs = 3_000) {
    this.#ports = ports;
    this.#delayMs = delayMs;
  }

  /** Notes that something happened, if the shopper has agreed to it. */
  record(happening: Happening): void {
    if (!this.#ports.mayRecord()) return;
    const { newId, now, sessionId } = this.#ports;
    this.#queue.push({ id: newId(), occurredAt: now().toISOString(), sessionId, ...happening });
    if (this.#queue.length > LARGEST_QUEUE) this.#queue.shift();
    this.#timer ??= setTimeout(() => void this.flush(), this.#delayMs);
  }

  /** Sends what has gathered. `leaving`: the page is going away, and the request has to outlive it. */
  async flush(leaving = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#ports.mayRecord()) this.#queue = [];
    const batch = this.#queue.splice(0, LARGEST_BATCH);
    if (batch.length === 0) return;
    if (!(await this.#ports.send(batch, leaving))) this.#queue.unshift(...batch);
    if (this.#queue.length > 0) this.#timer ??= setTimeout(() => void this.flush(), this.#delayMs * 5);
  }
}

/** Sends behaviour through the gateway; true when it need not be sent again. */
export function gatewayBehaviour(client: GraphqlClient): RecorderPorts["send"] {
  return async (events, leaving) => {
    const { data } = await client.send(RecordBehaviourDocument, { events }, { keepalive: leaving });
    return data !== undefined;
  };
}
