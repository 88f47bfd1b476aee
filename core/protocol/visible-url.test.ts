import { describe, expect, it } from 'vitest'
import { VisibleUrl } from './visible-url.ts'

const isTaken = (url: string) => VisibleUrl().safeParse(url).success

describe('the text of a URL', () => {
  it.each([
    'https://example.com',
    'https://example.com:8443/hook?token=a%20b&x=%0A#here',
    'https://[2606:4700::1111]/hook',
    'https://bücher.example/straße/日本語',
  ])('may be %s', (url) => {
    expect(isTaken(url)).toBe(true)
  })

  it.each([
    'https://example.com/\u001b[31m',
    'https://example.com/a\nb',
    'https://exam\tple.com/',
    ' https://example.com/',
    'https://example.com/ ',
    'https://example.com/a b',
    'https://example.com/\u00a0',
    'https://example.com/\u0085',
    'https://example.com/\u202ekooh',
    'https://example.com/\u2066x',
    'https://exa\u00admple.com/',
    'https://exa\u200bmple.com/',
    'https://example.com/\ufeff',
    'https://example.com/\ufe0f',
    'https://example.com/\u3164',
    'https://example.com/\u{e0041}',
    'https://example.com/\ud800',
  ])('must not be %j', (url) => {
    expect(isTaken(url)).toBe(false)
  })

  it('has at most 2,048 characters', () => {
    const ofLength = (length: number) => 'https://example.com/'.padEnd(length, 'x')
    expect([isTaken(ofLength(2_048)), isTaken(ofLength(2_049))]).toEqual([true, false])
  })
})
