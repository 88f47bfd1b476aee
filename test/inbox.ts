import { type Leased, type ReceiveInput, receive } from '../core/bus/receive.ts'
import { type Settled, type SettleInput, settle } from '../core/bus/settle.ts'
import type { Hive } from '../core/hive.ts'

/** One agent's inbox as its agent uses it, with what tests leave out filled in. */
export function inboxOf(hive: Hive, agent: string) {
  const settled = (input: Partial<SettleInput>): Promise<Settled> =>
    settle(hive, agent, { acks: [], nacks: [], extensions: [], ...input })
  return {
    receive: (input: Partial<ReceiveInput> = {}) =>
      receive(hive, agent, { max: 100, requestId: hive.ids.requestId(), ...input }),
    async take(input: Partial<ReceiveInput> = {}): Promise<Leased[]> {
      return (await this.receive(input)).messages
    },
    /** Takes one message, which must be there. */
    async takeOne(input: Partial<ReceiveInput> = {}): Promise<Leased> {
      const [leased] = await this.take({ max: 1, ...input })
      if (!leased) throw new Error(`nothing to take in the inbox of ${agent}`)
      return leased
    },
    settle: settled,
    ack: (...leased: Leased[]) => settled({ acks: leased.map(({ receipt }) => receipt) }),
    nack: (leased: Leased, how: { delay_seconds?: number; reason?: string } = {}) =>
      settled({ nacks: [{ receipt: leased.receipt, ...how }] }),
    extend: (leased: Leased, lease_seconds: number) =>
      settled({ extensions: [{ receipt: leased.receipt, lease_seconds }] }),
  }
}

/** The texts of sample messages that were sent as `body: { text }`. */
export function textsOf(leased: Leased[]): unknown[] {
  return leased.map(({ message }) => message.body.text)
}
