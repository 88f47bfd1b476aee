import { idempotencyKeyPattern } from '../idempotency-key.ts'
import type { Route } from '../routes.ts'
import { parameterSchemas } from './component-schemas.ts'
import { parameterExamples } from './examples.ts'
import type { JsonSchema } from './json-schemas.ts'

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  description: string
  schema: JsonSchema
  example?: string | number
}

/** What a route takes outside of its body. */
export function parametersOf(route: Route): Parameter[] {
  const path = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const inPath = parameters('path', parameterSchemas.path)
  return [
    ...path.flatMap((wanted) => inPath.filter(({ name }) => name === wanted)),
    ...(route.query === null ? [] : parameters('query', parameterSchemas[route.query])),
    ...(route.idempotent ? [idempotencyKey] : []),
  ]
}

const idempotencyKey: Parameter = withExample({
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    "Says that this request is the same as an earlier one with the same key: together they take effect once. Keys are the caller's own.",
  schema: { type: 'string', pattern: idempotencyKeyPattern.source },
})

function parameters(place: 'path' | 'query', { properties = {}, required = [] }: JsonSchema = {}): Parameter[] {
  return Object.entries(properties).map(([name, property]) => {
    const { description = '', ...schema } = property as JsonSchema
    return withExample({ name, in: place, required: required.includes(name), description, schema })
  })
}

function withExample(parameter: Parameter): Parameter {
  const example = parameterExamples[parameter.name]
  return example === undefined ? parameter : { ...parameter, example }
}
