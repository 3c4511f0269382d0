import type { ErrorObject } from 'ajv'

/** Places told at once: what is wrong with an answer is read by people, and by the model that is asked again. */
const MOST_PLACES = 5

const MOST_CHARACTERS = 60

/** What does not fit, place by place: `label must be one of "a", "b", but is "c"; age is missing`. */
export function describeMismatch(errors: readonly ErrorObject[]): string {
  // That no branch of a union fits follows from what is wrong with each of them, and says less.
  const telling = errors.filter(({ keyword }) => !['anyOf', 'oneOf', 'if'].includes(keyword))
  const places = [...new Set((telling.length > 0 ? telling : errors).map(describe))]
  const more = places.length > MOST_PLACES ? `; and ${places.length - MOST_PLACES} more` : ''
  return places.slice(0, MOST_PLACES).join('; ') + more
}

function describe({ data, instancePath, keyword, message, params }: ErrorObject): string {
  const place = placeOf(instancePath)
  const given = params as Readonly<Record<string, unknown>>
  switch (keyword) {
    case 'required':
      return `${inside(place, String(given['missingProperty']))} is missing`
    case 'additionalProperties':
      return `${inside(place, String(given['additionalProperty']))} is not asked for`
    case 'enum':
      return `${place} must be one of ${shown(given['allowedValues']).slice(1, -1)}, but is ${shown(data)}`
    case 'const':
      return `${place} must be ${shown(given['allowedValue'])}, but is ${shown(data)}`
    case 'type':
      return `${place} must be ${typeWords(given['type'])}, but is ${shown(data)}`
    default:
      return `${place} ${message ?? `breaks the rule "${keyword}"`}`
  }
}

/** `#/items/0/price` as people write it: `items[0].price`; the answer itself has no name. */
function placeOf(pointer: string): string {
  const steps = pointer.split('/').slice(1)
  const place = steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
  return place === '' ? 'the answer' : place
}

function inside(place: string, name: string): string {
  return place === 'the answer' ? name : `${place}.${name}`
}

function typeWords(type: unknown): string {
  return Array.isArray(type) ? type.map(String).join(' or ') : String(type)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  if (text === undefined || text.length <= MOST_CHARACTERS || Array.isArray(value)) return text ?? 'absent'
  return `${text.slice(0, MOST_CHARACTERS)}…`
}
