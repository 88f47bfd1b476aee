import { expect, it } from 'vitest'
import { heldOver, type Look, steadyBytes } from './held.ts'

const mb = 1024 ** 2

/** A look each 10 s for ten minutes, at what a process and Redis hold by then. */
function looks(heap: (minute: number) => number, redis: (minute: number) => number = () => mb): Look[] {
  return Array.from({ length: 60 }, (_, i) => {
    const memory = { heap: heap(i / 6), external: mb, rss: 100 * mb }
    return { seconds: i * 10, processes: new Map([['inbox', memory]]), redis: redis(i / 6), keys: 1 }
  })
}
const verdicts = (seen: Look[]) => Object.fromEntries(heldOver(seen).map(({ name, isSteady }) => [name, isSteady]))

it('a process that holds the same is steady, however it goes up and down', () => {
  expect(verdicts(looks((minute) => 30 * mb + 5 * mb * Math.sin(20 * minute)))).toEqual({ inbox: true, Redis: true })
})

it('one that grows by more than the bound is not', () => {
  const [inbox] = heldOver(looks((minute) => 30 * mb + 1.5 * steadyBytes * minute))
  expect(inbox?.growth).toBeCloseTo(1.5 * steadyBytes)
  expect(inbox?.isSteady).toBe(false)
})

it('buffers outside of the heap count too', () => {
  const leaking = looks(() => 30 * mb).map((look, i) => {
    const memory = { heap: 30 * mb, external: i * mb, rss: 100 * mb }
    return { ...look, processes: new Map([['inbox', memory]]) }
  })
  expect(verdicts(leaking).inbox).toBe(false)
})

it('what is filled in the beginning does not count', () => {
  const filling = (minute: number) => 30 * mb + 10 * mb * Math.min(minute, 3)
  expect(verdicts(looks(filling, filling))).toEqual({ inbox: true, Redis: true })
})

it('Redis has the same bound', () => {
  expect(
    verdicts(
      looks(
        () => mb,
        (minute) => 2 * steadyBytes * minute,
      ),
    ).Redis,
  ).toBe(false)
})
