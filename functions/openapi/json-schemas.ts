import * as z from 'zod'
import { DeliveryOptions } from '../../core/protocol/delivery-options.ts'
import { Priority, priorities } from '../../core/protocol/priority.ts'
import { PublishInput } from '../../core/protocol/publish-input.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'
import { PublishBatch } from '../requests/messages.ts'

export type JsonSchema = z.core.JSONSchema.BaseSchema
type Side = 'input' | 'output'

export function referToSchema(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}

/**
 * The schemas as JSON Schema: `input` is what a caller may send, `output` what is answered. Where one of them holds
 * another it refers to it as a component of the document.
 */
export function toJsonSchemas(side: Side, schemas: Record<string, z.core.$ZodType>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const converted = z.toJSONSchema(registry, {
    io: side,
    uri: (name) => referToSchema(name).$ref,
    override: ({ zodSchema, jsonSchema }) => {
      simplify(jsonSchema)
      if (side === 'output') openUp(jsonSchema)
      overrides[side].get(zodSchema)?.(jsonSchema)
    },
  })
  return Object.fromEntries(
    Object.entries(converted.schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  )
}

/** Takes away what zod adds for exactness and what readers have no use for. */
function simplify(schema: JsonSchema): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.format === 'date-time') delete schema.pattern
  if (schema.format === 'starts_with') delete schema.format
  delete schema.propertyNames
  // a described copy of a component repeats the component's patterns beside the reference to it
  if (schema.$ref) delete schema.allOf
}

/** An answer may gain fields, and what it leaves out is not the caller's to fill in. */
function openUp(schema: JsonSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties
  delete schema.default
}

type Override = (schema: JsonSchema) => void

const timestamp: [z.core.$ZodType, Override] = [
  Timestamp(),
  (schema) => {
    // the first is that of ISO 8601, for which there is a format
    const [, storable] = schema.allOf ?? []
    delete schema.allOf
    Object.assign(schema, { format: 'date-time', ...storable })
  },
]

/** What JSON Schema cannot tell from the zod schema. */
const overrides: Record<Side, Map<z.core.$ZodType, Override>> = {
  input: new Map([
    timestamp,
    [PublishBatch().shape.messages.def.element, (schema) => Object.assign(schema, referToSchema('NewMessage'))],
    [PublishInput.shape.priority, (schema) => Object.assign(schema, { default: priorities.MEDIUM })],
    [DeliveryOptions().shape.backoff, allowTypeAlone],
  ]),
  output: new Map([
    timestamp,
    [
      Priority(),
      (schema) => {
        delete schema.anyOf
        Object.assign(schema, { type: 'integer', enum: Object.values(priorities) })
      },
    ],
  ]),
}

/** `"backoff": "fixed"` stands for `"backoff": {"type": "fixed"}`. */
function allowTypeAlone(schema: JsonSchema): void {
  const { type, properties, additionalProperties } = schema
  const { type: name } = properties as { type: JsonSchema }
  for (const key of ['type', 'properties', 'additionalProperties']) delete schema[key]
  schema.anyOf = [{ type, properties, additionalProperties } as JsonSchema, { type: 'string', enum: name.enum ?? [] }]
}
