import type { Message } from "@langchain/langgraph-sdk";
import { useStream } from "@langchain/langgraph-sdk/react";
import { type UIMessage, isUIMessage, uiMessageReducer } from "@langchain/langgraph-sdk/react-ui";
import { useEffect, useRef, useState } from "react";

import { type Picture, textOf } from "./blocks";
import { Composer } from "./Composer";
import type { StageProps } from "./Stage";
import { type Stream, Turn } from "./Turn";

export type StageMessage = UIMessage<"stage", StageProps>;
type State = { messages: Message[]; ui?: StageMessage[] };

const options = new URLSearchParams(location.search);
const context = { ...JSON.parse(options.get("context") ?? "{}"), ui_messages: true };

function remember(thread: string | null) {
  if (thread) options.set("thread", thread);
  else options.delete("thread");
  history.replaceState(null, "", `?${options}`);
}

/** Talk with a search on a LangGraph server about pictures. */
export function App() {
  const [threadId, setThreadId] = useState(options.get("thread"));
  const stream = useStream<State>({
    apiUrl: `${location.origin}/api`,
    assistantId: options.get("graph") ?? "stage_beam",
    threadId,
    onThreadId(id) {
      setThreadId(id);
      remember(id);
    },
    // A stage shows at once, before the state has it.
    onCustomEvent(event, { mutate }) {
      if (isUIMessage(event)) {
        mutate((state) => ({ ui: uiMessageReducer(state.ui ?? [], event) as StageMessage[] }));
      }
    },
  });
  const { messages, values, error, isLoading } = stream;
  const last = messages.at(-1);
  const isAnswering = isLoading && !(last?.type === "ai" && textOf(last));

  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void end.current?.scrollIntoView({ block: "end" });
  }, [messages.length, values.ui?.length, isLoading]);

  function ask(text: string, pictures: Picture[]) {
    const content = [...pictures, { type: "text", text }] as Message["content"];
    const question: Message = { id: crypto.randomUUID(), type: "human", content };
    void stream.submit(
      { messages: [question] },
      { context, optimisticValues: (state) => ({ messages: [...(state.messages ?? []), question] }) },
    );
  }

  function startAnew() {
    setThreadId(null);
    remember(null);
  }

  return (
    <>
      <header>
        <h1>Talk about a picture</h1>
        {threadId && <button onClick={startAnew}>New conversation</button>}
      </header>
      <main aria-live="polite">
        {!threadId && !isLoading && <p className="welcome">Add a picture, and ask what it shows.</p>}
        {messages.map((message) => (
          <Turn
            key={message.id}
            message={message}
            stages={(values.ui ?? []).filter((each) => each.metadata?.message_id === message.id)}
            stream={stream as unknown as Stream}
            isBeingWritten={isLoading && message === last}
          />
        ))}
        {isAnswering && <p className="busy">Looking and thinking</p>}
        {error != null && <p className="error">{(error as Error).message ?? String(error)}</p>}
      </main>
      <Composer isBusy={isLoading} onAsk={ask} onStop={() => void stream.stop()} />
      <div ref={end} />
    </>
  );
}
