import { describe, expect, it } from 'vitest'
import { Address, AgentName, parseAddress } from './agent-name.ts'

const accepted = [
  'planner',
  'pm-agent',
  'Queen Coordinator',
  'worker-swarm-1758287419286-uiehmkg4s-0',
  'agent_7',
  '_system',
  'a',
  'ops@example.com',
  'c++',
  'x'.repeat(128),
]
const refused = [
  '',
  ' ',
  ' planner',
  'planner ',
  '.',
  '..',
  '-x',
  'a/b',
  'a:b',
  'a{b}',
  'a\nb',
  'a\n',
  'a\u0000',
  'agént',
  'x'.repeat(129),
]

describe('agent names', () => {
  it.each(accepted)('accepts %j', (name) => {
    expect(AgentName().safeParse(name).success).toBe(true)
    expect(Address().safeParse(name).success).toBe(true)
  })

  it.each(refused)('refuses %j', (name) => {
    expect(AgentName().safeParse(name).success).toBe(false)
    expect(Address().safeParse(name).success).toBe(false)
    expect(Address().safeParse(`topic:${name}`).success).toBe(false)
  })

  it('keeps the prefixes of topics and capabilities out of names', () => {
    expect(AgentName().safeParse('topic:news').success).toBe(false)
    expect(AgentName().safeParse('capability:review').success).toBe(false)
  })
})

describe('addresses', () => {
  it.each([
    ['planner', { kind: 'agent', name: 'planner' }],
    ['topic:news', { kind: 'topic', name: 'news' }],
    ['capability:code review', { kind: 'capability', name: 'code review' }],
    ['topic', { kind: 'agent', name: 'topic' }],
  ])('reads %s', (address, parsed) => {
    expect(Address().safeParse(address).success).toBe(true)
    expect(parseAddress(address)).toEqual(parsed)
  })

  it.each(['topic:', 'topic:topic:x', 'Topic:x', 'queue:x', 'capability: x'])('refuses %j', (address) => {
    expect(Address().safeParse(address).success).toBe(false)
  })
})
