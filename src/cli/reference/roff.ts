/** The most characters of a line of the source, as linters of manual pages have it. */
const WIDTH = 79

/** Text as roff prints it: nothing in it is a request, and dashes can be copied. */
export function roff(text: string): string {
  const plain = text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(
      /[^\x20-\x7e\n]/gu,
      (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
  return plain.split('\n').map(asText).join('\n')
}

/** A request with one argument, such as a heading. */
export function request(name: string, text: string): string {
  return `.${name} "${roff(text).replaceAll('"', String.raw`\(dq`)}"`
}

export function bold(text: string): string {
  return String.raw`\fB${roff(text)}\fR`
}

export function italic(text: string): string {
  return String.raw`\fI${roff(text)}\fR`
}

/** Words that roff fills lines with, in lines of the source that are not too long. */
export function filled(escaped: string): string {
  const lines = ['']
  for (const word of escaped.split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > WIDTH) lines.push(asText(word))
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join('\n')
}

/** A term with what it means behind it, indented. */
export function term(tag: string, meaning: string): string {
  return `.TP\n${tag}\n${filled(roff(meaning))}`
}

/** A line that begins with a dot or a quote would be a request. */
function asText(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line
}
