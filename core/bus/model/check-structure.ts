import type { Hive } from '../../hive.ts'
import { shardOf } from '../keys.ts'
import { bodyKey } from '../shared-bodies.ts'

type Stored = {
  sequence: string
  state: string
  rank: number
  priority: number
  effective: number
  expires: number
  due: number
  previous: string
  next: string
  body: string
  key: string
  correlation: string
}

/**
 * Reads every key of an inbox and checks that they say the same: what the counters cannot show, such as a message that
 * no index finds, a broken ordering key or a deadline that the sweep would miss. Nobody may use the inbox meanwhile.
 * Returns what is wrong, a line each.
 */
export async function checkStructure(hive: Hive, agent: string): Promise<string[]> {
  const { bus, config } = hive
  const faults: string[] = []
  const rows = await bus.ask((redis) => {
    const pipeline = redis.pipeline()
    pipeline.hgetall(bus.keys.inbox(agent))
    for (const key of [bus.keys.ready, bus.keys.timers, bus.keys.dead, bus.keys.correlated]) {
      pipeline.zrange(key(agent), 0, -1, { withScores: true })
    }
    pipeline.zscore(bus.keys.due(shardOf(agent)), agent)
    pipeline.time()
    return pipeline.exec<[string[] | null, string[], string[], string[], string[], string | null, string[]]>()
  })
  const fields: Record<string, string> = Object.fromEntries(pairs(rows[0] ?? []))
  const [ready, timers, dead, correlated] = [scores(rows[1]), scores(rows[2]), scores(rows[3]), scores(rows[4])]
  const due = rows[5]
  const now = Number(rows[6][0]) * 1000
  const messages = new Map<string, Stored>()
  for (const [field, text] of Object.entries(fields)) if (/^\d+$/.test(field)) messages.set(field, read(field, text))

  const offsets = [0, config.offsetLowMs, config.offsetMediumMs, config.offsetHighMs, 0]
  const expected = {
    ready: new Map<string, number>(),
    timers: new Map<string, number>(),
    dead: new Set<string>(),
    correlated: new Set<string>(),
  }
  const large: string[] = []
  for (const message of messages.values()) {
    const { sequence, state } = message
    if (state === 'R') expected.ready.set(sequence, message.rank + (offsets[message.effective] ?? 0) * 1000)
    const waits = state === 'R' || state === 'H'
    const timer = waits ? message.expires : state === 'D' ? Math.min(message.due, message.expires) : message.due
    expected.timers.set(sequence, timer)
    if (state === 'X') expected.dead.add(sequence)
    if (state === 'R' && message.correlation !== '') {
      const place = `${5 - message.effective} ${message.rank}`
      expected.correlated.add(`${message.correlation}\n${place}\n${sequence}`)
    }
    if ((message.body === '-') !== (fields[`m:${sequence}`] !== undefined))
      faults.push(`${sequence} has not one envelope`)
    if (message.body !== '-') large.push(bodyKey(bus.keys, agent, message.body))
  }
  compareScores('ready', ready, expected.ready)
  compareScores('timers', timers, expected.timers)
  compareMembers('dead', dead, expected.dead)
  compareMembers('correlated', correlated, expected.correlated)

  for (const field of Object.keys(fields)) {
    if (field.startsWith('m:') && !messages.has(field.slice(2))) faults.push(`${field} belongs to no message`)
  }
  if (large.length > 0) {
    const there = await bus.ask((redis) => redis.exists(...large))
    if (there !== large.length) faults.push(`${large.length - there} large bodies are missing`)
  }
  checkChains()
  checkDeadline()
  return faults.map((fault) => `${agent}: ${fault}`)

  function compareScores(name: string, found: Map<string, number>, wanted: Map<string, number>) {
    compareMembers(name, found, new Set(wanted.keys()))
    for (const [member, score] of wanted) {
      const stored = found.get(member)
      if (stored !== undefined && stored !== score)
        faults.push(`${name} has ${member} at ${stored} and not at ${score}`)
    }
  }

  function compareMembers(name: string, found: Map<string, number>, wanted: Set<string>) {
    for (const member of wanted) if (!found.has(member)) faults.push(`${name} lacks ${JSON.stringify(member)}`)
    for (const member of found.keys()) if (!wanted.has(member)) faults.push(`${name} has ${JSON.stringify(member)}`)
  }

  function checkChains() {
    const linked = new Set<string>()
    for (const [field, text] of Object.entries(fields)) {
      if (!field.startsWith('k:')) continue
      const [head = '', tail = '', ...stored] = text.split(' ')
      const counted = [0, 0, 0, 0]
      let previous = '-'
      for (let sequence = head; sequence !== '-'; ) {
        const message = messages.get(sequence)
        if (!message || message.key !== field.slice(2) || linked.has(sequence)) {
          faults.push(`${field} leads to ${sequence}, which is not its own`)
          break
        }
        linked.add(sequence)
        counted[message.priority - 1] = (counted[message.priority - 1] ?? 0) + 1
        if (message.previous !== previous) faults.push(`${field}: ${sequence} points back to ${message.previous}`)
        if ((message.state === 'H') === (sequence === head)) faults.push(`${field}: ${sequence} is ${message.state}`)
        previous = sequence
        sequence = message.next
      }
      if (previous !== tail) faults.push(`${field} ends at ${previous} and not at its tail ${tail}`)
      if (counted.join() !== stored.join()) faults.push(`${field} counts ${stored} and has ${counted}`)
      const highest = 1 + counted.findLastIndex((count) => count > 0)
      const first = messages.get(head)
      if (first && first.effective < highest) faults.push(`${field}: its head does not take priority ${highest}`)
    }
    for (const { key, state, sequence } of messages.values()) {
      if (key !== '' && state !== 'X' && !linked.has(sequence)) faults.push(`${sequence} is missing in k:${key}`)
    }
  }

  /** The sweep looks at an inbox when its registered time has come: that must not be after anything in it is due. */
  function checkDeadline() {
    const registered = Number(fields.due ?? 0)
    if (Number(due ?? 0) !== registered) faults.push(`is registered at ${due} and says ${registered}`)
    const first = Math.min(...timers.values())
    if (timers.size > 0 && (registered === 0 || registered > first)) {
      faults.push(`is due at ${first} and registered at ${registered}`)
    }
    if (fields.status === 'enabled' && fields.push === '1' && ready.size > 0) {
      if (registered === 0 || registered > now + 1000 + config.wakeGraceMs)
        faults.push(`would not be found if its wake got lost`)
    }
  }
}

function pairs(row: string[]): [string, string][] {
  return Array.from({ length: row.length / 2 }, (_, i) => [String(row[2 * i]), String(row[2 * i + 1])])
}

function scores(row: string[]): Map<string, number> {
  return new Map(pairs(row).map(([member, score]) => [member, Number(score)]))
}

function read(sequence: string, text: string): Stored {
  const [numbers = '', key = '', , , correlation = ''] = text.split('\n')
  const part = numbers.split(' ')
  return {
    sequence,
    state: part[0] ?? '',
    rank: Number(part[1]),
    priority: Number(part[2]),
    effective: Number(part[3]),
    expires: Number(part[4]),
    due: Number(part[7]),
    previous: part[9] ?? '',
    next: part[10] ?? '',
    body: part[19] ?? '',
    key,
    correlation,
  }
}
