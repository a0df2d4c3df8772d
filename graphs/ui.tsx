// How chat pages that draw a graph's own components, such as agent-chat-ui, show an accepted stage.

type Stage = { stage: string; text: string };

function AcceptedStage({ stage, text }: Stage) {
  return (
    <details style={{ overflowWrap: "anywhere" }}>
      <summary style={{ cursor: "pointer", opacity: 0.8, textTransform: "capitalize", width: "fit-content" }}>{stage}</summary>
      <p style={{ whiteSpace: "pre-wrap", margin: "0.25rem 0 0.5rem 1rem" }}>{text}</p>
    </details>
  );
}

export default { stage: AcceptedStage };
