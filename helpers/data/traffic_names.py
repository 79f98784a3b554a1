"""What the 43 traffic signs of GTSRB mean, in English, in the order of their numbers there."""

SIGN_NAMES = (
    "speed limit 20", "speed limit 30", "speed limit 50", "speed limit 60", "speed limit 70", "speed limit 80",
    "end of speed limit 80", "speed limit 100", "speed limit 120", "no passing", "no passing for trucks",
    "right of way at next crossing", "priority road", "give way", "stop", "no vehicles", "no trucks", "no entry",
    "general danger", "bend to the left", "bend to the right", "double bend", "bumpy road", "slippery road",
    "road narrows on the right", "road works", "traffic lights", "pedestrians", "children", "bicycles", "snow or ice",
    "wild animals", "end of all limits", "turn right ahead", "turn left ahead", "ahead only", "ahead or right",
    "ahead or left", "keep right", "keep left", "roundabout", "end of no passing", "end of no passing for trucks")
