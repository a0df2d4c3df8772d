import type { Message } from "@langchain/langgraph-sdk";
import { LoadExternalComponent } from "@langchain/langgraph-sdk/react-ui";
import type { ComponentProps, FunctionComponent } from "react";

import type { StageMessage } from "./App";
import { picturesOf, sourceOf, textOf } from "./blocks";
import { Stage } from "./Stage";

export type Stream = ComponentProps<typeof LoadExternalComponent>["stream"];
type TurnProps = { message: Message; stages: StageMessage[]; stream: Stream; isBeingWritten: boolean };

// The page draws stages itself. With ?components=server it draws what the server has for the graph: graphs/ui.tsx.
const isDrawnByServer = new URLSearchParams(location.search).get("components") === "server";
const components = isDrawnByServer ? undefined : { stage: Stage as FunctionComponent };

/** Draw a question with its pictures, or an answer below the stages that led to it. */
export function Turn({ message, stages, stream, isBeingWritten }: TurnProps) {
  const text = textOf(message);
  const isStopped = !isBeingWritten && message.response_metadata?.finish_reason === "unfinished";
  return (
    <article className={`turn ${message.type}`}>
      {picturesOf(message).map((picture, place) => (
        <img key={place} src={sourceOf(picture)} alt={picture.metadata?.name ?? "picture"} />
      ))}
      {stages.map((each) => (
        <LoadExternalComponent key={each.id} stream={stream} message={each} components={components} />
      ))}
      {text && <p className="text">{text}</p>}
      {isStopped && <p className="stopped">Stopped.</p>}
    </article>
  );
}
