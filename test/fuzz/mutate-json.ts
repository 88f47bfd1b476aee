import type { Random } from '../random.ts'
import { oddText, oddValue } from './odd-values.ts'

type Json = unknown
type Slot = { get(): Json; set(value: Json): void; remove?(): void; owner: Json }

/** A copy of a value with a few things in it that are not as they were. */
export function mutateJson(random: Random, value: Json): Json {
  const root = { value: structuredClone(value) }
  let isLonger = false
  for (let times = random.int(1, 3); times > 0; times--) {
    const slot = random.pick(slotsOf(root))
    const now = slot.get()
    switch (random.int(0, 7)) {
      case 0:
      case 1:
        slot.set(oddValue(random))
        break
      case 2:
        slot.remove?.()
        break
      case 3:
        if (isObject(now)) Object.defineProperty(now, oddText(random), property(oddValue(random)))
        break
      case 4:
        if (isObject(now)) Object.assign(now, { unknown_field: oddValue(random) })
        break
      case 5:
        // copies of copies, or of what is large itself, would be more than any server is sent
        if (Array.isArray(now) && !isLonger && JSON.stringify(now[0] ?? null).length < 500) {
          isLonger = true
          now.push(...Array.from({ length: random.pick([1, 99, 101, 5_001]) }, () => now[0] ?? null))
        }
        break
      case 6:
        slot.set(random.chance(0.5) ? [now] : { value: now })
        break
      default:
        if (typeof now === 'string') slot.set(random.chance(0.5) ? now + oddText(random) : now.slice(0, now.length / 2))
        else if (typeof now === 'number') slot.set(random.pick([-now, now * 1e6, now + 0.5, String(now)]))
        else slot.set(JSON.stringify(now) ?? '')
    }
  }
  return root.value
}

/** The text of a value, now and then one that is not quite JSON. */
export function mutateText(random: Random, text: string): string | Buffer {
  switch (random.int(0, 7)) {
    case 0:
      return text.slice(0, random.int(0, text.length))
    case 1:
      return `${text}${random.pick([',', '}', ']', '\0', ' {}', '//x', '\ufeff'])}`
    case 2:
      // a key that is there twice
      return text.replace(/^\{/, (open) => `${open}"from_agent":"x","from_agent":"y",`)
    case 3:
      return text.replace(/"/, random.pick(["'", '\\', '\\u0000', '\\ud800"', '']))
    case 4: {
      const bytes = Buffer.from(text)
      for (let i = 0; i < 3; i++) bytes[random.int(0, Math.max(0, bytes.length - 1))] = random.int(0, 255)
      return bytes
    }
    case 5:
      return text.replace(/\d+/, random.pick(['1e999', '-', '00', '1.', '9007199254740993', 'NaN', '0x1']))
    case 6:
      return random.pick(['', ' ', 'null', '[]', '"text"', '0', 'true', '[[[[', '{"a":'])
    default:
      return Buffer.from(Array.from({ length: random.int(0, 64) }, () => random.int(0, 255)))
  }
}

/** Every place in a value that holds another one, the value itself included. */
function slotsOf(root: { value: Json }): Slot[] {
  const slots: Slot[] = [{ get: () => root.value, set: (value) => void Object.assign(root, { value }), owner: root }]
  const walk = (owner: Json): void => {
    if (Array.isArray(owner)) {
      for (const at of owner.slice(0, 200).keys()) {
        slots.push({
          get: () => owner[at],
          set: (value) => void owner.splice(at, 1, value),
          remove: () => owner.splice(at, 1),
          owner,
        })
        walk(owner[at])
      }
    } else if (isObject(owner)) {
      for (const key of Object.keys(owner)) {
        slots.push({
          get: () => owner[key],
          set: (value) => void Object.defineProperty(owner, key, property(value)),
          remove: () => delete owner[key],
          owner,
        })
        walk(owner[key])
      }
    }
  }
  walk(root.value)
  return slots
}

const property = (value: Json) => ({ value, enumerable: true, configurable: true, writable: true })
const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
