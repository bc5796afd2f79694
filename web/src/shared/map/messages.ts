import { catalog } from "~/lib/language";

export const messages = catalog(
  {
    map: "Map",
    keys: "Arrow keys move the map, plus and minus zoom it.",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show all results",
    moveToSearch: "Search as I move the map",
    searchHere: "Search this area",
    twoFingers: "Use two fingers to move the map",
    about: "The place is within this circle. The exact address comes with the booking.",
    own: "Drawn from Holdfast’s own data",
  },
  {
    map: "Mapa",
    keys: "Las flechas mueven el mapa; más y menos cambian el zoom.",
    zoomIn: "Acercar",
    zoomOut: "Alejar",
    fit: "Ver todos los resultados",
    moveToSearch: "Buscar al mover el mapa",
    searchHere: "Buscar en esta zona",
    twoFingers: "Use dos dedos para mover el mapa",
    about: "El lugar está dentro de este círculo. La dirección exacta se muestra con la reserva.",
    own: "Dibujado con datos propios de Holdfast",
  },
);
