import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import { matchRoute } from '../functions/match-route.ts'
import { describeApi, type Operation } from '../functions/openapi/document.ts'
import { type JsonSchema, referToSchema } from '../functions/openapi/json-schemas.ts'
import type { Parameter } from '../functions/openapi/parameters.ts'
import type { Reference, Response } from '../functions/openapi/responses.ts'
import type { Route } from '../functions/routes.ts'
import type { HttpAnswer } from './http-call.ts'

const id = 'openapi.json'
const api = describeApi()
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(api, id)

/** What the OpenAPI document says of a route. */
export function describedOperation({ path, method }: Route): Operation {
  const operation = api.paths[path]?.[method.toLowerCase()]
  if (!operation) throw new Error(`${method} ${path} is not described`)
  return operation
}

/** A parameter, or the one that is referred to. */
export function describedParameter(parameter: Parameter | Reference): Parameter {
  if (!('$ref' in parameter)) return parameter
  return lookUp(api.components.parameters, parameter)
}

/** Checks a value against a schema of the OpenAPI document. */
export function expectToFit(schema: JsonSchema, value: unknown): void {
  const check = checkOf(JSON.stringify(schema))
  check(value)
  expect(check.errors ?? []).toEqual([])
}

const checks = new Map<string, ValidateFunction>()

function checkOf(schema: string): ValidateFunction {
  // references are to the document, which ajv knows under its id
  const check = checks.get(schema) ?? ajv.compile(JSON.parse(schema.replaceAll('"#/', `"${id}#/`)))
  checks.set(schema, check)
  return check
}

/**
 * Checks an answer against the OpenAPI document: the route can answer with this status, and with these headers and this
 * body. What is no route of the table is answered with a problem.
 */
export function expectDescribed(method: string, path: string, answer: HttpAnswer): void {
  const { route } = matchRoute(method, path.split('?')[0] ?? '')
  if (!route) {
    expectToFit(referToSchema('Problem'), answer.body)
    return
  }
  const { [answer.status]: described } = describedOperation(route).responses
  if (!described) throw new Error(`${route.key} answered ${answer.status}, which is not described`)
  const response = '$ref' in described ? lookUp(api.components.responses, described) : described
  expectResponse(response, answer)
}

function expectResponse({ headers, content }: Response, answer: HttpAnswer): void {
  const type = answer.headers.get('content-type') ?? ''
  expect(Object.keys(content)).toContain(type)
  expect([...answer.headers.keys()]).toEqual(expect.arrayContaining(requiredOf(headers)))
  expectToFit(content[type]?.schema ?? {}, answer.body)
}

function requiredOf(headers: Response['headers']): string[] {
  return Object.keys(headers).filter((name) => {
    const { [name]: reference } = headers
    return reference && lookUp(api.components.headers, reference).required
  })
}

function lookUp<T>(components: Record<string, T>, { $ref }: Reference): T {
  const found = components[$ref.slice($ref.lastIndexOf('/') + 1)]
  if (!found) throw new Error(`${$ref} is not in the document`)
  return found
}
