// Content blocks of messages, as LangChain writes them.

import type { Message } from "@langchain/langgraph-sdk";

export type Picture = { type: "image"; base64: string; mime_type: string; metadata?: { name?: string } };
type Text = { type: "text"; text: string };
type Block = Picture | Text | { type: "reasoning"; reasoning: string };

function blocksOf(message: Message): Block[] {
  const content = message.content as unknown as string | Block[];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

export function textOf(message: Message): string {
  const texts = blocksOf(message).filter((block) => block.type === "text");
  // The pieces of an answer go on where the last one ended; the texts of a question are paragraphs.
  return texts.map((block) => block.text).join(message.type === "human" ? "\n" : "");
}

export function picturesOf(message: Message): Picture[] {
  return blocksOf(message).filter((block) => block.type === "image");
}

export function sourceOf(picture: Picture): string {
  return `data:${picture.mime_type};base64,${picture.base64}`;
}

export async function readPicture(file: File): Promise<Picture> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  const base64 = url.slice(url.indexOf(",") + 1);
  return { type: "image", base64, mime_type: file.type, metadata: { name: file.name } };
}
