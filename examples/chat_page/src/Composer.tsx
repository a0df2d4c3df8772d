import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useRef, useState } from "react";

import { type Picture, readPicture, sourceOf } from "./blocks";

type ComposerProps = { isBusy: boolean; onAsk: (text: string, pictures: Picture[]) => void; onStop: () => void };

/** Take a question and its pictures: chosen or pasted. */
export function Composer({ isBusy, onAsk, onStop }: ComposerProps) {
  const [text, setText] = useState("");
  const [pictures, setPictures] = useState<Picture[]>([]);
  const chooser = useRef<HTMLInputElement>(null);

  async function add(files: FileList) {
    const added = await Promise.all([...files].map(readPicture));
    setPictures((before) => [...before, ...added]);
  }

  function send(event: FormEvent) {
    event.preventDefault();
    if (isBusy || !text.trim()) return;
    onAsk(text.trim(), pictures);
    setText("");
    setPictures([]);
  }

  function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      event.currentTarget.form?.requestSubmit();
    }
  }

  function paste(event: ClipboardEvent) {
    if (event.clipboardData.files.length) void add(event.clipboardData.files);
  }

  return (
    <form className="composer" onSubmit={send}>
      <div className="box">
        {pictures.length > 0 && (
          <div className="chosen">
            {pictures.map((picture, place) => (
              <button
                key={place}
                type="button"
                aria-label={`Remove ${picture.metadata?.name}`}
                onClick={() => setPictures(pictures.filter((each) => each !== picture))}
              >
                <img src={sourceOf(picture)} alt="" />
              </button>
            ))}
          </div>
        )}
        <textarea
          rows={1}
          aria-label="Question"
          placeholder="Ask about a picture"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendOnEnter}
          onPaste={paste}
        />
        <input
          ref={chooser}
          type="file"
          accept="image/*"
          multiple
          hidden
          onChange={async (event) => {
            await add(event.target.files!);
            event.target.value = "";
          }}
        />
        <div className="buttons">
          <button type="button" onClick={() => chooser.current?.click()}>
            Add a picture
          </button>
          {isBusy ? (
            <button type="button" className="main" onClick={onStop}>
              Stop
            </button>
          ) : (
            <button className="main" disabled={!text.trim()}>
              Ask
            </button>
          )}
        </div>
      </div>
    </form>
  );
}
