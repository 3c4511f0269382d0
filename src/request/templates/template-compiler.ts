import { compileTemplate, isPlainTemplate, type Template } from './template.ts'

/** Reads a template, once for each text; `what` names it in errors, such as `the prompt`. */
export type CompileTemplate = (template: string, what: string) => Template

/**
 * What reads these templates. The template library is loaded only where one of them is more than placeholders, and all
 * are read at once, so that a mistake is found before anything else is looked at.
 * @throws LlmBatchError `usage` for a template that cannot be read
 */
export async function loadTemplates(templates: Readonly<Record<string, string>>): Promise<CompileTemplate> {
  const isPlain = Object.values(templates).every(isPlainTemplate)
  const compileOther = isPlain ? compileTemplate : (await import('./liquid-template.ts')).compileLiquid
  const compiled = new Map<string, Template>()
  const compile: CompileTemplate = (template, what) => {
    const known = compiled.get(template)
    if (known) return known
    const made = (isPlainTemplate(template) ? compileTemplate : compileOther)(template, what)
    compiled.set(template, made)
    return made
  }
  for (const [what, template] of Object.entries(templates)) compile(template, what)
  return compile
}
