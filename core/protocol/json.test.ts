import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FieldError, HiveError } from '../errors.ts'
import { fieldPath } from './field-errors.ts'
import { deepestJson, parseJson } from './json.ts'

const refusalOf = (text: string): HiveError => {
  try {
    parseJson(text)
  } catch (error) {
    return error as HiveError
  }
  throw new Error(`accepted: ${text}`)
}
const faultsOf = (text: string): FieldError[] => refusalOf(text).errors
const fieldsOf = (text: string): string[] => faultsOf(text).map((fault) => fault.field)

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 2 })
const storableText = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0'))
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.double({ min: 1e21, max: Number.MAX_VALUE }),
)
const stringJson = fc.tuple(storableText, fc.boolean()).map(([text, inEscapes]) => {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return inEscapes ? `"${text.split('').map(escaped).join('')}"` : JSON.stringify(text)
})
/** Texts of JSON with white space and escapes where a writer may put them. */
const jsonText = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    number.map((given) => JSON.stringify(given)),
    stringJson,
    fc.constantFrom('null', 'true', 'false', '0', '-0', '1.50', '2E+2', '1e-400'),
    tie('array'),
    tie('object'),
  ),
  array: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }))
    .map(([gap, items]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
  object: fc
    .tuple(
      space,
      fc.uniqueArray(fc.tuple(fc.oneof(stringJson, fc.constant('"__proto__"')), tie('value')), {
        maxLength: 4,
        selector: ([key]) => JSON.parse(key) as string,
      }),
    )
    .map(([gap, members]) => `{${gap}${members.map(([key, value]) => `${key}${gap}:${gap}${value}`).join(',')}${gap}}`),
})).value

describe('strict JSON', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses a fault anywhere by its path', () => {
    const faults = [
      ['{"k":1,"k":1}', 'k'],
      ['{"k":{},"x":1,"\\u006b":[]}', 'k'],
      ['{"__proto__":1,"__proto__":2}', '__proto__'],
      ['9007199254740993', undefined],
      ['-9007199254740992', undefined],
      ['1e400', undefined],
      ['"\\ud83d"', undefined],
      ['"\\udc1d\\ud83d"', undefined],
      ['"a\\u0000"', undefined],
    ] as const
    const steps = fc.array(fc.oneof(fc.nat({ max: 3 }), storableText), { maxLength: 6 })
    fc.assert(
      fc.property(steps, jsonText, fc.constantFrom(...faults), (path, other, [fault, key]) => {
        const text = path.reduceRight<string>((inner, step) => {
          if (typeof step === 'number') return `[${`${other}, `.repeat(step)}${inner}]`
          return `{${JSON.stringify(`${step}~`)}:${other},${JSON.stringify(step)}: ${inner}}`
        }, fault)
        const field = (key === undefined ? path : [...path, key]).reduce<string>(fieldPath, '')
        expect(fieldsOf(text)).toEqual([field === '' ? '$' : field])
      }),
      { numRuns: 300 },
    )
  })

  it('refuses text that is not JSON whenever JSON.parse does, and never quotes it', () => {
    const broken = fc
      .tuple(jsonText, fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', ':', '\u0001'))
      .map(([text, at, put]) => {
        const cut = at % (text.length + 1)
        return text.slice(0, cut) + put + text.slice(cut + 1)
      })
    const isJson = (text: string) => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(
        broken.filter((text) => !isJson(text)),
        (text) => {
          expect(refusalOf(text)).toMatchObject({ code: 'request.invalid_json', status: 400 })
        },
      ),
      { numRuns: 300 },
    )
    expect(refusalOf('{"password": hunter2}').message).not.toContain('hunter2')
    expect(refusalOf('hunter2').message).not.toContain('hunter2')
  })

  it.each(['', '  \n', '\ufeff{}', '{', "{'a':1}", '[1,]', 'NaN', '01', '{"a":1}{"b":2}', 'undefined'])(
    'refuses %j',
    (text) => {
      expect(refusalOf(text).code).toBe('request.invalid_json')
    },
  )

  it('names every fault at once', () => {
    const faults = faultsOf('{"a":1,"a":2,"b":[18446744073709551615,"\\ud800"],"\\u0000":{"c":1,"c":1}}')
    expect(faults.map((fault) => fault.field)).toEqual(['a', 'b[0]', 'b[1]', '["\\u0000"]', '["\\u0000"].c'])
  })

  it('takes integers up to ±(2^53 − 1) and refuses those beyond, however they are written', () => {
    expect(parseJson('[9007199254740991,-9007199254740991]')).toEqual([9007199254740991, -9007199254740991])
    for (const beyond of [
      '9007199254740992',
      '9007199254740993.0',
      '1e17',
      '-1.5e20',
      '100000000000000000000',
      `1${'0'.repeat(30)}`,
    ]) {
      expect(fieldsOf(`{"n":${beyond}}`)).toEqual(['n'])
    }
  })

  it('takes numbers with a fraction or an exponent as doubles', () => {
    expect(parseJson('[0.1,6.022e23,1e21,1.7976931348623157e308,5e-324,1e-400]')).toEqual([
      0.1, 6.022e23, 1e21, 1.7976931348623157e308, 5e-324, 0,
    ])
  })

  it('reads its own output again', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const written = JSON.stringify(parseJson(text))
        expect(JSON.stringify(parseJson(written))).toBe(written)
      }),
    )
  })

  it('keeps __proto__ and constructor as data', () => {
    const read = parseJson('{"__proto__":{"admin":true},"constructor":{"prototype":1}}') as object
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect((read as { admin?: boolean }).admin).toBeUndefined()
  })

  it('takes surrogate pairs, escaped or not', () => {
    expect(parseJson('["\\ud83d\\udc1d","\u{1f41d}"]')).toEqual(['\u{1f41d}', '\u{1f41d}'])
  })

  it('refuses raw lone surrogates', () => {
    expect(fieldsOf('{"a":"\ud800"}')).toEqual(['a'])
  })

  it('bounds nesting without overflowing the stack', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(() => parseJson(nested(deepestJson))).not.toThrow()
    expect(refusalOf(nested(deepestJson + 1)).message).toContain('128')
    expect(refusalOf(nested(2_000_000)).message).toContain('128')
    expect(refusalOf('{"a":'.repeat(500_000)).message).toContain('128')
  })

  it('is not misled by quotes, colons and brackets inside of strings', () => {
    const text = String.raw`{"a\"":"\\","b:":"{[\"a\":1,\"a\":2","c":"\\\\\"","d":["\\\":"]}`
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it('bounds the faults it names', () => {
    expect(faultsOf(`[${'1e400,'.repeat(10_000)}0]`)).toHaveLength(50)
  })
})
