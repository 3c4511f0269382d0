/** A text that a user can see. */
export interface Message {
  /** File and line, such as `src/cli/help.ts:29`. */
  readonly place: string
  /** The property or argument that it is, such as `next` or `LlmBatchError`. */
  readonly role: string | undefined
  /** An expression within a template stands in it as it is written: `${count} rows`. */
  readonly text: string
}

/** Every text of the sources below these folders (default: `src`), in the order of files and lines. */
export function messages(folders?: readonly string[]): readonly Message[]

/** The texts of one file, given by its path from the root of the project and its source. */
export function messagesIn(path: string, source: string): readonly Message[]

/** A comment, in one line without its stars. */
export interface Comment {
  readonly place: string
  readonly text: string
  /** The kind of the declaration below it, such as `TSInterfaceDeclaration`; undefined for none at the top of the file. */
  readonly above: string | undefined
}

/** Every comment of the sources below these folders. */
export function comments(folders: readonly string[]): readonly Comment[]
